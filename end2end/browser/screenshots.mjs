// Every page in both themes, both languages and three widths, to be looked at:
// node screenshots.mjs FOLDER [SUFFIX], where SUFFIX chooses one kind of screen, for example
// 1440-light-en. Not a test; needs the variables that scripts/end2end sets. The pictures of
// docs/images are chat-code-1440-light-en, accounts-1440-light-en, chat-table-390-dark-en, and of
// 1440-light-en imagine and video (as JPEG), and voice-talking.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startSimulator } from "../lib/gateway.mjs";
import { byRole, drawn, launch, microphone, newContext, open, signIn } from "./browser.mjs";
import { simulatorControl, startGateway } from "./server.mjs";
import { held } from "./video.mjs";

const [folder, suffix = ""] = process.argv.slice(2);
if (!folder) throw new Error("usage: node screenshots.mjs FOLDER [SUFFIX]");
mkdirSync(folder, { recursive: true });

const sizes = [
  [1440, 900],
  [1024, 768],
  [390, 844],
];
const words = {
  "en-GB": {
    code: "Write a Rust function that counts words, with an explanation",
    table: "Compare tea and coffee in a table",
    accounts: "Add accounts",
    cookies: "Cookies, one per line",
    signIn: "Sign in",
    password: "Password",
    navigation: "Open navigation",
    chats: "Show or hide the chats",
    settings: "Chat settings",
    again: "Answer again",
    model: /^Model: /,
    send: "Send",
    message: "Your message",
    answer: "Answer",
    theme: "Theme",
    prompt: "What to draw",
    draw: "Draw",
    done: "4 pictures are done.",
    picture: "A red fox in the snow at dawn, oil on canvas",
    choices: /^Shape, number/,
    history: "Earlier prompts",
    scene: "What to film",
    make: "Make video",
    film: "A paper boat drifts down a small stream at sunset",
    shape: /^Shape, length/,
    begin: "Begin with a picture",
    remix: "Remix",
    makeRemix: "Make remix",
    remove: "Delete",
  },
  "zh-CN": {
    code: "用 Rust 写一个统计单词的函数，并解释代码",
    table: "用表格比较茶和咖啡",
    accounts: "添加账号",
    cookies: "Cookie",
    signIn: "登录",
    password: "密码",
    navigation: "打开导航",
    chats: "显示或隐藏对话列表",
    settings: "对话设置",
    again: "重新回答",
    model: /^模型/,
    send: "发送",
    message: "你的消息",
    answer: "回答",
    theme: "主题",
    prompt: "要画什么",
    draw: "绘制",
    done: "4 张图片已完成。",
    picture: "黎明雪地里的一只红狐，布面油画",
    choices: /^比例、数量/,
    history: "之前的提示词",
    scene: "要拍什么",
    make: "生成视频",
    film: "夕阳下，一只纸船顺着小溪漂流",
    shape: /^比例、时长/,
    begin: "以图片开头",
    remix: "改编",
    makeRemix: "生成改编",
    remove: "删除",
  },
};
const zoo = [
  ...["0001", "0002", "0003", "0004"].map((end) => `gallery-basic-${end}`),
  "gallery-429-basic-a1b2",
  "gallery-blocked-basic-c3d4",
  "gallery-super-0005",
  "gallery-super-0006",
];

const simulator = await startSimulator("--interval-ms", "4");
const sim = simulatorControl(simulator.url);
const full = await startGateway({ upstream: simulator.url, accounts: zoo });
const empty = await startGateway({ upstream: simulator.url });
const demo = await startGateway({ serve: ["--demo"] });
const browser = await launch({}, microphone);

// Uses the accounts, so that the list has something to tell.
const warmUp = await newContext(browser, full);
await signIn(warmUp, full);
for (let turn = 0; turn < 24; turn++) {
  await warmUp.request.post("/v1/public/chat/completions", {
    headers: { origin: full.url },
    data: { model: turn % 3 ? "grok-4-mini" : "grok-4-heavy", messages: [{ role: "user", content: "hi" }] },
  });
}
await warmUp.close();

for (const [width, height] of sizes) {
  for (const theme of ["light", "dark"]) {
    for (const locale of ["en-GB", "zh-CN"]) await shootAll({ width, height, theme, locale });
  }
}
await browser.close();
await Promise.all([full, empty, demo].map((site) => site.stop()));
await simulator.stop();

async function shootAll({ width, height, theme, locale }) {
  const kind = `${width}-${theme}-${locale.slice(0, 2)}`;
  if (!kind.endsWith(suffix)) return;
  const isPhone = width < 640;
  const text = words[locale];
  const options = { viewport: { width, height }, locale, colorScheme: theme, hasTouch: isPhone, isMobile: isPhone };
  const shoot = async (page, name) => {
    await page.evaluate(() => document.fonts.ready);
    await drawn(page);
    await page.screenshot({ path: join(folder, `${name}-${kind}.png`) });
  };
  const visit = async (site, isSignedIn, scenes) => {
    const context = await newContext(browser, site, options);
    if (isSignedIn) await signIn(context, site);
    const page = await context.newPage();
    const problem = (what) => console.error(`${kind}: ${what}`);
    page.on("console", (line) => ["error", "warning"].includes(line.type()) && problem(line.text().slice(0, 200)));
    try {
      await scenes(page);
    } catch (error) {
      problem(error);
    }
    await context.close();
  };

  await visit(full, false, async (page) => {
    await open(page, "/login");
    await shoot(page, "login");
    await page.getByLabel(text.password, { exact: true }).fill("wrong");
    await byRole(page, "button", text.signIn).click();
    await page.locator("[aria-invalid=true]").waitFor();
    await shoot(page, "login-refused");
    await byRole(page, "button", text.theme).click();
    await shoot(page, "login-menu");
  });
  await visit(full, false, async (page) => {
    await page.goto("/docs");
    await shoot(page, "docs");
    await page.goto("/docs#create_response");
    await shoot(page, "docs-operation");
  });
  await visit(empty, true, async (page) => {
    await open(page, "/admin/accounts");
    await shoot(page, "accounts-empty");
    await open(page, "/admin/media");
    await shoot(page, "media-empty");
    await open(page, "/admin/connect");
    await shoot(page, "connect-empty");
    await open(page, "/admin/password");
    await shoot(page, "password");
    await open(page, "/no/such/page");
    await shoot(page, "not-found");
  });
  await visit(full, true, async (page) => {
    await open(page, "/admin/accounts");
    await shoot(page, "accounts");
    for (const at of [1, 2]) await page.getByRole("checkbox").nth(isPhone ? at - 1 : at).check();
    await shoot(page, "accounts-selected");
    if (isPhone) {
      await byRole(page, "button", text.navigation).click();
      await shoot(page, "accounts-navigation");
      await page.keyboard.press("Escape");
    }
    await byRole(page, "button", text.accounts).click();
    await page.getByLabel(text.cookies).fill("sso=fresh-basic-9001\nfresh-basic-9002\nno cookie\ngallery-basic-0001");
    await page.getByRole("dialog").getByRole("listitem").nth(3).waitFor();
    await shoot(page, "accounts-dialog");
  });
  await visit(full, true, (page) => connectScenes(page, shoot));
  await visit(full, true, (page) => chatScenes(page, text, shoot, isPhone));
  await visit(full, true, (page) => imagineScenes(page, text, shoot));
  await visit(full, true, (page) => mediaScenes(page, shoot));
  await visit(full, true, (page) => videoScenes(page, text, shoot));
  await visit(demo, false, async (page) => {
    await open(page, "/");
    await shoot(page, "demo");
    await voiceScenes(page, shoot);
  });
}

// The demo has a room of its own.
async function voiceScenes(page, shoot) {
  await open(page, "/voice");
  await shoot(page, "voice");
  const start = page.locator(".voice__actions .button--primary");
  await start.click();
  await page.locator(".journal__line").nth(1).waitFor();
  await page.locator(".level__meter").first().waitFor();
  await page.waitForTimeout(1500);
  await shoot(page, "voice-talking");
  await page.locator(".voice__actions .button--danger").click();
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  });
  await start.click();
  await page.getByRole("alert").first().waitFor();
  await shoot(page, "voice-refused");
}

async function chatScenes(page, text, shoot, isPhone) {
  const ask = async (words) => {
    await page.getByLabel(text.message).fill(words);
    await byRole(page, "button", text.send).click();
  };
  const whole = () => byRole(page, "button", text.again).last().and(page.locator(":enabled")).waitFor();
  await open(page, "/");
  await shoot(page, "chat-empty");
  await page.getByRole("button", { name: text.model }).click();
  await shoot(page, "chat-models");
  await page.getByRole("radio", { name: /^grok-4-thinking/ }).click();
  await byRole(page, "button", text.settings).click();
  await shoot(page, "chat-settings");
  await page.keyboard.press("Escape");
  await sim.reply({ kind: "paced", text: "…", first_ms: 1500, each_ms: 10 });
  await ask(text.table);
  await shoot(page, "chat-waiting");
  await whole();
  await ask(text.table);
  await page.locator(".thinking").last().waitFor();
  await shoot(page, "chat-thinking");
  await whole();
  await shoot(page, "chat-table");
  await page.keyboard.press("Control+Shift+O");
  await page.waitForURL((url) => url.search === "");
  await ask(text.code);
  await whole();
  await page.locator("code span[class^=hl-]").first().waitFor();
  await page.getByRole("article").first().evaluate((first) => first.scrollIntoView());
  await shoot(page, "chat-code");
  if (isPhone) {
    await byRole(page, "button", text.chats).click();
    await shoot(page, "chat-list");
  }
}

async function connectScenes(page, shoot) {
  await open(page, "/admin/connect");
  await shoot(page, "connect");
  await page.locator(".connect .button--primary").click();
  await page.locator(".check-step__mark.is-fine").nth(1).waitFor();
  await shoot(page, "connect-checked");
  for (const id of ["openai-python", "claude-code", "cursor", "open-webui", "mcp"]) {
    await page.locator(`#${id} summary`).click();
    await page.locator(`#${id}`).evaluate((section) => section.scrollIntoView());
    await shoot(page, `connect-${id}`);
  }
}

// What the scenes before have drawn.
async function mediaScenes(page, shoot) {
  await open(page, "/admin/media");
  await page.locator(".table tbody tr").first().waitFor();
  await shoot(page, "media");
  for (const at of [0, 2]) await page.locator("tbody .checkbox").nth(at).check();
  await page.locator(".bulk").waitFor();
  await shoot(page, "media-selected");
  await page.locator(".bulk .button--danger").click();
  await page.locator("dialog[open] .modal__foot").waitFor();
  await shoot(page, "media-delete");
  await page.keyboard.press("Escape");
  await page.locator(".media-item").first().click();
  await page.locator(".media-preview__file").waitFor();
  await shoot(page, "media-preview");
  await page.keyboard.press("Escape");
  await page.locator(".tabs .tab").nth(1).click();
  await page.locator(".media-hint").waitFor();
  await shoot(page, "media-grok");
  await page.locator(".media-hint ~ .button").first().click();
  await page.locator(".notice").waitFor();
  await shoot(page, "media-grok-counted");
}

async function imagineScenes(page, text, shoot) {
  const draw = async (words) => {
    await page.getByLabel(text.prompt).fill(words);
    await byRole(page, "button", text.draw).click();
  };
  const chooseRatio = async (name) => {
    await page.getByRole("button", { name: text.choices }).click();
    await page.getByRole("radio", { name }).check({ force: true });
  };
  await open(page, "/imagine");
  await page.locator(".wall .empty").waitFor();
  await shoot(page, "imagine-empty");
  await draw(text.picture);
  await page.locator(".tile").first().waitFor();
  await shoot(page, "imagine-drawing");
  await page.getByText(text.done).waitFor();
  for (const ratio of ["16:9", "1:1", "3:2", "9:16"]) {
    await chooseRatio(ratio);
    if (ratio === "1:1") await shoot(page, "imagine-choices");
    await page.keyboard.press("Escape");
    await draw(`${text.picture}, ${ratio}`);
    await page.getByText(text.done).waitFor();
  }
  await page.waitForFunction(() => {
    const images = [...document.querySelectorAll(".tile__image")];
    return images.every((image) => image.complete && image.naturalWidth && image.src.includes("/v1/files/"));
  });
  await shoot(page, "imagine");
  await byRole(page, "button", text.history).click();
  await shoot(page, "imagine-history");
  await page.keyboard.press("Escape");
  await page.locator(".tile__open").nth(1).click({ modifiers: ["Control"] });
  await page.locator(".tile__open").nth(3).click({ modifiers: ["Shift"] });
  await page.locator(".selection").waitFor();
  await shoot(page, "imagine-selected");
  await page.locator(".tile__open").first().focus();
  await page.keyboard.press("Escape");
  await page.locator(".tile__open").nth(5).click();
  await page.locator(".lightbox__image").first().waitFor();
  await shoot(page, "imagine-large");
  await page.keyboard.press("Escape");
  await draw(`${text.picture} (moderated)`);
  await page.getByRole("alert").waitFor();
  await shoot(page, "imagine-withheld");
}

async function videoScenes(page, text, shoot) {
  const make = async (words, button = text.make) => {
    await page.getByLabel(text.scene).fill(words);
    await byRole(page, "button", button).click();
    await page.locator(".film", { hasText: words }).first().waitFor();
  };
  const films = (count) => page.locator(".film__player").nth(count - 1).waitFor();
  const chooseRatio = async (name) => {
    await page.getByRole("button", { name: text.shape }).click();
    await page.getByRole("radio", { name }).check({ force: true });
  };
  await open(page, "/video");
  await page.locator(".shelf .empty").waitFor();
  await shoot(page, "video-empty");
  await sim.replyTo("video", held);
  await make(text.film);
  await page.getByText("42%").waitFor();
  await shoot(page, "video-under-way");
  await sim.release((await sim.requests("video")).at(-1).account);
  await films(1);
  await chooseRatio("9:16");
  await shoot(page, "video-choices");
  await page.keyboard.press("Escape");
  await make(`${text.film} (9:16)`);
  await films(2);
  await page.locator(".film", { hasText: "9:16" }).getByRole("button", { name: text.remix, exact: true }).first().click();
  await shoot(page, "video-remix");
  await make(`${text.film}, remix`, text.makeRemix);
  await films(3);
  await make(`${text.film} (moderated)`, text.makeRemix);
  await page.locator(".film__why").waitFor();
  await shoot(page, "video");
  await byRole(page, "button", text.begin).click();
  await shoot(page, "video-begin");
  await page.keyboard.press("Escape");
  await page.locator(".film").first().getByRole("button", { name: text.remove, exact: true }).click();
  await page.getByRole("dialog").waitFor();
  await shoot(page, "video-delete");
}
