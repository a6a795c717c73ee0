// Serves one policy of Express's cors under each of these names, and prints its port.
"use strict";
const cors = require("cors");
const express = require("express");

const page = "https://app.example";
const startingPoint = {
  origin: true,
  methods: ["HEAD", "GET", "POST", "PUT", "PATCH", "DELETE"],
  allowedHeaders: ["Content-Type", "Authorization", "X-Token"],
};

const policies = {
  "nothing": undefined,
  "starting-point": startingPoint,
  "starting-point-credentials": { ...startingPoint, credentials: true },
  "origin-star": { origin: "*" },
  "origin-star-credentials": { origin: "*", credentials: true },
  "origin-string": { origin: page },
  "origin-array": { origin: [page, /\.app\.example$/] },
  "origin-array-pattern": { origin: [page, "https://*.app.example"] },
  "origin-regexp": { origin: /app\.example$/ },
  "origin-function": { origin: (origin, callback) => callback(null, origin === page) },
  "origin-function-error": { origin: (origin, callback) => (origin === page ? callback(null, true) : callback(new Error("not allowed"))) },
  "origin-false": { origin: false },
  "methods": { origin: [page], methods: ["GET", "PUT"] },
  "methods-string": { origin: [page], methods: "GET,PUT" },
  "allowed-headers": { origin: [page], allowedHeaders: ["X-Token", "Content-Type"] },
  "exposed-headers": { origin: [page], exposedHeaders: ["ETag", "X-Request-Id"] },
  "credentials": { origin: [page], credentials: true },
  "max-age": { origin: [page], maxAge: 600 },
  "preflight-continue": { origin: [page], preflightContinue: true },
  "options-success-status": { origin: [page], optionsSuccessStatus: 200 },
};

const app = express();
for (const [name, options] of Object.entries(policies)) {
  const policy = express.Router();
  policy.use(cors(options));
  policy.use((req, res) => {
    res.set({ "ETag": '"1"', "X-Request-Id": "7", "X-Ran": "yes" }).end();
  });
  app.use("/" + name, policy);
}
// Errors of the policies, without a trace in the output.
app.use((err, req, res, next) => res.status(500).end());

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
