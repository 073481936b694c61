// What the browser's own store holds, for tests that must know.

// Every conversation with the summary it has in the list; those without one are left out.
export const storedChats = (page) =>
  page.evaluate(async () => {
    const result = (request) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await result(indexedDB.open("grok2api-chat"));
    const tables = database.transaction(["summaries", "conversations"]);
    const [summaries, conversations] = await Promise.all(
      ["summaries", "conversations"].map((name) => result(tables.objectStore(name).getAll())),
    );
    database.close();
    const chats = new Map(conversations.map((row) => JSON.parse(row)).map((chat) => [chat.id, chat]));
    return summaries.map((row) => {
      const summary = JSON.parse(row);
      return { ...chats.get(summary.id), ...summary };
    });
  });

// Holds back what the next read of a table brings, as a busy machine does.
export async function holdNextRead(page, table) {
  await page.evaluate((table) => {
    const { get } = IDBObjectStore.prototype;
    const held = { isReached: false };
    const released = new Promise((done) => (held.release = done));
    IDBObjectStore.prototype.get = function (key) {
      const request = get.call(this, key);
      if (this.name !== table || this.transaction.mode !== "readonly") return request;
      IDBObjectStore.prototype.get = get;
      const deliver = (handler) =>
        request.addEventListener("success", (event) => {
          held.isReached = true;
          released.then(() => handler.call(request, event));
        });
      Object.defineProperty(request, "onsuccess", { set: (handler) => handler && deliver(handler) });
      return request;
    };
    window.heldRead = held;
  }, table);
  return {
    reached: () => page.waitForFunction(() => window.heldRead.isReached),
    release: () => page.evaluate(() => window.heldRead.release()),
  };
}

// Waits until no tab receives an answer and all that came is stored.
export const answersStored = (page) =>
  page.waitForFunction(async () => {
    const { held } = await navigator.locks.query();
    return !held.some(({ name }) => name.startsWith("grok2api-chat/"));
  });
