// A thousand random actions in two tabs, against a model of what must be there in the end. One in
// four is two at once, one in each tab. The same seed takes the same actions:
// GROK2API_SEED=7 node --test tabs-random.test.mjs
import assert from "node:assert/strict";
import { waitUntil } from "../lib/gateway.mjs";
import { open } from "./browser.mjs";
import { pageTest } from "./harness.mjs";
import { storedChats } from "./store.mjs";
import { installHand } from "./tabs-driver.mjs";

// So many that their quota is enough for all questions.
const accounts = Array.from({ length: 20 }, (_, at) => `random-super-${String(at).padStart(4, "0")}`);
const aborted = /completions net::ERR_ABORTED/;
const actions = Number(process.env.GROK2API_ACTIONS ?? 1_000);
const seed = Number(process.env.GROK2API_SEED ?? 1);
const mostChats = 6;
// Little to draw: nobody looks, and drawing is what takes the time.
const still = { viewport: { width: 1280, height: 300 }, reducedMotion: "reduce" };
const final = ["complete", "stopped"];

// Numbers from 0 to 1 that follow from the seed (mulberry32).
function randomness(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 4_294_967_296;
  };
}

// What must be there: chats by id, with their questions, the names that they may have, and whether
// they are deleted.
class Model {
  chats = new Map();
  // Counts what one tab did, or two at once.
  moment = 0;

  living = () => [...this.chats].filter(([, chat]) => !chat.isDeleted).map(([id]) => id);

  asked({ id, words, root }) {
    if (!this.chats.has(id)) {
      this.chats.set(id, { questions: new Set(), names: new Set([words]), isNamed: false, isDeleted: false, moment: 0 });
    }
    const chat = this.chats.get(id);
    chat.questions.add(words);
    if (!root || chat.isNamed) return;
    // Of two first questions at once, either names it.
    if (chat.moment !== this.moment) chat.names.clear();
    chat.names.add(words);
    chat.moment = this.moment;
  }

  renamed(id, name) {
    Object.assign(this.chats.get(id), { names: new Set([name]), isNamed: true });
  }
}

// Two tabs, the model, and the random choice of what happens next.
class Game {
  constructor(tabs, random) {
    Object.assign(this, { tabs, random, model: new Model(), words: 0, done: new Map(), trace: [] });
  }

  pick = (list) => list[Math.floor(this.random() * list.length)];
  newWords = (kind) => `${kind}${(this.words += 1)}`;

  // What one tab does: a name for the count, and how. All random choices are made here, before
  // anything is awaited.
  choose(tab, isAlone) {
    const living = this.model.living();
    const id = this.pick(living) ?? "";
    const words = this.newWords("w");
    const ending = this.pick(["wait", "wait", "leave", "stop"]);
    const isFull = living.length >= mostChats;
    const send = () => this.say(tab, "send", words, ending);
    const weighted = [
      [8, "send", send],
      [3, "edit", () => this.say(tab, "edit", words)],
      [2, "again", () => this.hand(tab, "again")],
      [2, "version", () => this.hand(tab, "version")],
      [5, "visit", () => this.hand(tab, "visit", id)],
      [isFull ? 0 : 2, "fresh", () => this.hand(tab, "fresh")],
    ];
    if (isAlone) {
      weighted.push(
        [2, "rename", () => this.rename(tab, id, words)],
        [isFull ? 3 : 1, "remove", () => this.remove(tab, id)],
        [1, "undo", () => this.removeAndUndo(tab, id, words)],
        [0.2, "reload", () => this.reload(tab)],
      );
    }
    let at = this.random() * weighted.reduce((sum, [weight]) => sum + weight, 0);
    return weighted.find(([weight]) => (at -= weight) < 0);
  }

  hand = (tab, action, ...rest) =>
    tab.evaluate(([action, rest]) => window.hand[action](...rest), [action, rest]);

  async say(tab, action, ...rest) {
    const said = await this.hand(tab, action, ...rest);
    if (said !== "no") this.model.asked(said);
    return said;
  }

  async rename(tab, id, name) {
    const said = await this.hand(tab, "rename", id, name);
    if (said !== "no") this.model.renamed(id, name);
    return said;
  }

  async remove(tab, id) {
    const said = await this.hand(tab, "remove", id);
    if (said !== "no") this.model.chats.get(id).isDeleted = true;
    return said;
  }

  // The other tab asks something in between, in whatever it shows.
  async removeAndUndo(tab, id, words) {
    if ((await this.remove(tab, id)) === "no") return "no";
    await this.say(this.tabs.find((other) => other !== tab), "send", words, "wait");
    await this.hand(tab, "undo", id);
    this.model.chats.get(id).isDeleted = false;
  }

  // What is cut off by leaving the page is another matter: all of it must be stored before.
  async reload(tab) {
    await this.check("before a reload");
    await open(tab, tab.url());
  }

  async step() {
    this.model.moment += 1;
    const isPair = this.random() < 0.25;
    const chosen = isPair
      ? this.tabs.map((tab) => this.choose(tab, false))
      : [this.choose(this.pick(this.tabs), true)];
    const said = await Promise.all(chosen.map(([, , act]) => act()));
    const told = chosen.map(([, name], at) => `${name} ${JSON.stringify(said[at])}`);
    this.trace.push(told.join(" and "));
    chosen.forEach(([, name], at) => {
      const key = said[at] === "no" ? "not on offer" : name;
      this.done.set(key, (this.done.get(key) ?? 0) + 1);
    });
    return said.filter((one) => one !== "no").length;
  }

  // What is wrong in the store and in both tabs; nothing once all is quiet.
  async differences() {
    const wrong = [];
    const stored = new Map((await storedChats(this.tabs[0])).map((chat) => [chat.id, chat]));
    for (const [id, chat] of this.model.chats) {
      const kept = stored.get(id);
      if (!kept?.turns) wrong.push(`chat ${id} is lost`);
      else wrong.push(...compare(id, chat, kept));
    }
    for (const id of stored.keys()) if (!this.model.chats.has(id)) wrong.push(`chat ${id} is from nowhere`);
    for (const [at, tab] of this.tabs.entries()) {
      const { open: id, shown, list } = await this.hand(tab, "look");
      const living = this.model.living();
      if (String(list.map(([id]) => id).sort()) !== String([...living].sort())) wrong.push(`tab ${at} lists ${list}`);
      for (const [id, title] of list) {
        if (!this.model.chats.get(id)?.names.has(title)) wrong.push(`tab ${at} calls ${id} ${title}`);
      }
      const known = this.model.chats.get(id)?.questions ?? new Set();
      if (id && !living.includes(id)) wrong.push(`tab ${at} shows a deleted chat`);
      if (shown.some((words) => !known.has(words))) wrong.push(`tab ${at} shows ${shown} in ${id}`);
    }
    return wrong;
  }

  async check(where) {
    for (const tab of this.tabs) await this.hand(tab, "rest");
    let wrong = [];
    await waitUntil(async () => (wrong = await this.differences()).length === 0, "", 5).catch(() => {
      assert.fail(`seed ${seed}, ${where}:\n${wrong.join("\n")}\n\n${this.trace.slice(-20).join("\n")}`);
    });
  }
}

function compare(id, chat, kept) {
  const wrong = [];
  const questions = kept.turns.filter(({ author }) => author === "user");
  const texts = questions.map(({ text }) => text);
  if (String([...texts].sort()) !== String([...chat.questions].sort())) {
    wrong.push(`chat ${id} has ${texts} instead of ${[...chat.questions]}`);
  }
  if (Boolean(kept.is_deleted) !== chat.isDeleted) wrong.push(`chat ${id} is ${chat.isDeleted ? "not " : ""}deleted`);
  if (!chat.names.has(kept.title)) wrong.push(`chat ${id} is called ${kept.title}, not ${[...chat.names]}`);
  for (const question of questions) {
    const own = kept.turns.filter(({ parent }) => parent === question.id);
    const isWhole = ({ state, text }) => final.includes(state.kind) && (text !== "" || state.kind === "stopped");
    const states = own.map(({ state, text }) => `${JSON.stringify(state)}, ${text.length} characters`);
    if (own.length === 0 || !own.every(isWhole)) wrong.push(`${question.text} in ${id} has the answers [${states}]`);
  }
  const ids = kept.turns.map(({ id }) => id);
  if (String(ids) !== String([...ids].sort((a, b) => a - b))) wrong.push(`chat ${id} has no order`);
  return wrong;
}

pageTest(
  `${actions} random actions in two tabs lose nothing`,
  // With answers of a given length the simulator counts no quota.
  { accounts, pace: ["--events", "12"], browser: still, expected: [aborted], timeout: 240_000 },
  async ({ page, context }) => {
    await context.addInitScript(installHand);
    const tabs = [page, await context.newPage()];
    for (const tab of tabs) await open(tab, "/");
    const game = new Game(tabs, randomness(seed));
    console.log(`seed ${seed}`);
    const started = performance.now();
    let taken = 0;
    for (let next = 0; taken < actions; ) {
      taken += await game.step().catch((cause) => {
        throw new Error(`seed ${seed}, action ${taken}: ${cause.message}`, { cause });
      });
      if (taken >= next) {
        await game.check(`after ${taken} actions`);
        next = taken + 100;
      }
    }
    for (const tab of tabs) await game.reload(tab);
    await game.check("at the end, read anew");
    const secs = ((performance.now() - started) / 1_000).toFixed(1);
    console.log(`${taken} actions in ${secs} s: ${JSON.stringify(Object.fromEntries(game.done))}`);
  },
);
