// Express with its cors middleware. Each policy is one configuration of the table in
// servers.md, and listens on a port of its own. Prints the versions and the
// ports.
"use strict";
const cors = require("cors");
const express = require("express");

const app = "https://app.example.com";
const page = process.env.PAGE_ORIGIN; // of the browser's page

const rest = {
  methods: ["GET", "HEAD", "POST", "PUT", "DELETE"],
  allowedHeaders: ["Authorization", "Content-Type", "X-Token"],
  maxAge: 600,
};

// An api has the routes, after what use says of the application.
function api(use) {
  const api = express();
  use(api);
  api.route("/users/7").get(user).put(user).delete(user);
  api.get("/crash", (req, res) => {
    throw new Error("crash");
  });
  // The error without a trace in the output.
  api.use((err, req, res, next) => res.status(500).json({ error: err.message }));
  return api;
}

const user = (req, res) => res.json({ id: 7 });
const policy = (options) => api((api) => api.use(cors(options)));
const login = (req, res, next) => (req.get("Authorization") ? next() : res.status(401).json({ error: "log in" }));

const policies = {
  "listed": policy({ ...rest, origin: [app, page], credentials: true }),
  "defaults": policy(undefined),
  "reflect": policy({ ...rest, origin: true, credentials: true }),
  "regexp": policy({ ...rest, origin: /example\.com$/, credentials: true }),
  "any-scheme": policy({ ...rest, origin: /^https?:\/\/app\.example\.com$/, credentials: true }),
  "star": policy({ ...rest, origin: "*", credentials: true }),
  "after-login": api((api) => api.use(login, cors({ ...rest, origin: [app, page], credentials: true }))),
  "on-route": api((api) => api.get("/users/7", cors({ ...rest, origin: [app, page], credentials: true }), user)),
};

const ports = {};
for (const [name, api] of Object.entries(policies)) {
  const server = api.listen(0, "127.0.0.1", () => {
    ports[name] = server.address().port;
    if (Object.keys(ports).length === Object.keys(policies).length) {
      console.log(JSON.stringify({ version: require("cors/package.json").version, ports }));
    }
  });
}
