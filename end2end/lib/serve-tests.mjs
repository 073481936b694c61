import { after, before } from "node:test";

import { keyed, startGateway, startSimulator } from "./gateway.mjs";

// For the tests of a file: a simulator, a gateway with a free and a paid account, and `connect`'s client
// of it, filled in before the first test. `withAccount` runs on a gateway with that account alone.
export function serveTests(connect) {
  const served = {
    withAccount: async (name, run, settings) => {
      const server = await startGateway({
        upstream: served.simulator.url,
        accounts: [name],
        settings: { ...keyed, ...settings },
      });
      try {
        await run(connect(server), server);
      } finally {
        await server.stop();
      }
    },
  };
  before(async () => {
    served.simulator = await startSimulator();
    served.gateway = await startGateway({
      upstream: served.simulator.url,
      accounts: ["plain-basic-1", "plain-super-1"],
      settings: keyed,
    });
    served.client = connect(served.gateway);
  });
  after(async () => {
    await served.gateway?.stop();
    await served.simulator?.stop();
  });
  return served;
}
