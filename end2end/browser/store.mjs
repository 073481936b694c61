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
