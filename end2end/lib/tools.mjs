// Tools that tests declare, and scripts that tell the simulator what to do with them (crates/grok-sim).

const city = { type: "string", description: "A city." };
export const weather = {
  name: "get_weather",
  description: "The weather of a city, now.",
  parameters: {
    type: "object",
    properties: { city, unit: { type: "string", enum: ["celsius", "fahrenheit"] } },
    required: ["city", "unit"],
    additionalProperties: false,
  },
};
export const time = {
  name: "get_time",
  description: "The time of day in a city.",
  parameters: { type: "object", properties: { city }, required: ["city"], additionalProperties: false },
};
export const lima = { city: "Lima", unit: "celsius" };

export const call = (name, input) => `[[call ${name} ${JSON.stringify(input)}]]`;
export const then = (text) => `[[then ${text}]]`;
export const asks = (question, ...script) => [question, ...script].join(" ");
// Both tools at once, then an answer.
export const both = asks(
  "The weather and the time in Lima?",
  call("get_weather", lima),
  call("get_time", { city: "Lima" }),
  then("Sunny, and it is noon."),
);
