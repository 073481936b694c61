// How long until a page answers, for a first visit with a slow processor and a slow line:
// node first-load.mjs. Not a test; needs the variables that scripts/end2end sets. Each page is
// visited several times with an empty cache, and the median of each figure is printed.
import { startSimulator } from "../lib/gateway.mjs";
import { byRole, launch, newContext, signIn } from "./browser.mjs";
import { startGateway } from "./server.mjs";

const visits = 5;
const slowdown = 4;
const line = { mbits: 1.6, latencyMs: 150 };
const patience = 60_000;

// `goal` is that of `answers`, in seconds. `press` is done again and again until `hasAnswered`
// holds in the page: nothing but our code can make it so.
const isMenuOpen = () =>
  document.querySelector(":popover-open, .menu [aria-expanded=true]") !== null;
const pressTheme = {
  first: (page) => byRole(page, "button", "Theme"),
  press: (page) => page.keyboard.press("Enter"),
  hasAnswered: isMenuOpen,
};
const pages = [
  { name: "sign-in", path: "/login", isSignedIn: false, goal: 2, ...pressTheme },
  {
    name: "chat",
    path: "/",
    isSignedIn: true,
    goal: 4,
    first: (page) => page.getByLabel("Your message"),
    press: (page) => page.keyboard.press("x"),
    // Send can be pressed from the first HTML on; the mark goes when our code has taken over.
    hasAnswered: () =>
      document.querySelector("button[aria-label=Send]:enabled") !== null &&
      document.querySelector("[data-early=send]") === null,
  },
  { name: "accounts", path: "/admin/accounts", isSignedIn: true, ...pressTheme },
];

const simulator = await startSimulator();
const site = await startGateway({ upstream: simulator.url, accounts: ["first-basic-1", "first-super-2"] });
const browser = await launch();
console.log(`processor ${slowdown}x slower, ${line.mbits} Mbit/s, ${line.latencyMs} ms, empty cache; median of ${visits}`);
console.log("page      requests     KiB  seen s  field s  answers s  goal s");
for (const kind of pages) {
  const runs = [];
  for (let visit = 0; visit < visits; visit++) runs.push(await measure(kind));
  const middle = (figure) => runs.map((run) => run[figure]).sort((a, b) => a - b)[visits >> 1];
  const seconds = (figure) => (middle(figure) / 1000).toFixed(2);
  const cells = [
    kind.name.padEnd(8),
    String(middle("requests")).padStart(9),
    (middle("bytes") / 1024).toFixed(0).padStart(7),
    seconds("seen").padStart(7),
    seconds("field").padStart(8),
    seconds("answers").padStart(10),
    String(kind.goal ?? "").padStart(7),
  ];
  console.log(cells.join(" "));
}
await browser.close();
await site.stop();
await simulator.stop();

// `seen` is the first contentful paint, `field` when a field or button takes the focus, `answers`
// when our code has answered a key, all in milliseconds after the address was entered.
async function measure({ path, isSignedIn, first, press, hasAnswered }) {
  const context = await newContext(browser, site);
  context.setDefaultTimeout(patience);
  if (isSignedIn) await signIn(context, site);
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  const load = await throttle(devtools);
  await page.addInitScript(`(${noteAnswer})(${hasAnswered})`);
  page.goto(path, { waitUntil: "commit" }).catch(() => {});
  const target = first(page);
  await target.focus();
  const field = await page.evaluate(() => performance.now());
  let answers = null;
  while (answers === null) {
    await press(page);
    answers = await page.evaluate(() => window.answeredAt ?? null);
  }
  const seen = await page.evaluate(
    () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? performance.now(),
  );
  await context.close();
  return { ...load, field, answers, seen };
}

// Slows the page down and counts what it fetches until the context is closed.
async function throttle(devtools) {
  const load = { requests: 0, bytes: 0 };
  devtools.on("Network.requestWillBeSent", ({ request }) => {
    if (request.url.startsWith("http")) load.requests += 1;
  });
  devtools.on("Network.loadingFinished", ({ encodedDataLength }) => {
    load.bytes += encodedDataLength;
  });
  await devtools.send("Network.enable");
  const bytesPerSecond = (line.mbits * 1_000_000) / 8;
  await devtools.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: line.latencyMs,
    downloadThroughput: bytesPerSecond,
    uploadThroughput: bytesPerSecond,
  });
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: slowdown });
  return load;
}

// Runs in the page: notes the moment from which `hasAnswered` holds.
function noteAnswer(hasAnswered) {
  const look = () => {
    if (window.answeredAt === undefined && hasAnswered()) window.answeredAt = performance.now();
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
  document.addEventListener("toggle", look, true);
}
