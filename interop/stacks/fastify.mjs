// A server of users on Fastify.
import Fastify from "fastify";
const fastify = Fastify();
// @here cors
fastify.addHook("onRequest", async (request, reply) => { // @only login
  if (request.headers.authorization === "Basic YWRhOnNlY3JldA==") return; // @only login
  return reply.code(401).header("WWW-Authenticate", "Basic").send("who are you?"); // @only login
}); // @only login
// @here after-login
fastify.get("/users/7", async () => ({ id: 7 }));
fastify.put("/users/7", async () => ({ id: 7 }));
fastify.delete("/users/7", async () => ({ id: 7 }));
fastify.get("/crash", async () => { throw new Error("crash"); });
// @here late

await fastify.listen({ port: 0, host: "127.0.0.1" });
console.log(fastify.server.address().port);
