// Runs a list of calls with twitter-api-v2 and writes what came of each as JSON, for a test to look at.
//
// Standard input: {"baseUrl", "keys": {"appKey", "appSecret", "accessToken", "accessSecret"} or a bearer,
// "calls": [[version and method, arguments]]}: ["v1.post", path, parameters] or ["v2.mute", id, id]. Where a method
// gives a paginator, everything that it walks through is the value.
// Standard output: a list of {"value"} or {"error": {"status", "codes", "rateLimit"}}, one for each call, in order.
//
// The client has X's host and TLS built in: the agent below leads its connections to `baseUrl` and is no TLS.

import { Agent } from "node:http";
import { connect } from "node:net";

import { ApiResponseError, TwitterApi } from "twitter-api-v2";

class Elsewhere extends Agent {
  constructor(baseUrl) {
    super();
    this.protocol = "https:";
    this.target = new URL(baseUrl);
  }

  createConnection() {
    return connect(Number(this.target.port), this.target.hostname);
  }
}

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { baseUrl, keys, calls } = JSON.parse(Buffer.concat(chunks).toString());
const client = new TwitterApi(keys, { httpAgent: new Elsewhere(baseUrl) });

async function outcome(method, ...parameters) {
  try {
    const [version, name] = method.split(".");
    const value = await client[version][name](...parameters);
    if (!value?.[Symbol.asyncIterator]) return { value };
    const walked = [];
    for await (const item of value) walked.push(item);
    return { value: walked };
  } catch (error) {
    if (!(error instanceof ApiResponseError)) throw error;
    const codes = (error.errors ?? []).map(({ code }) => code ?? null);
    return { error: { status: error.code, codes, rateLimit: error.rateLimit ?? null } };
  }
}

const outcomes = [];
for (const call of calls) outcomes.push(await outcome(...call));
console.log(JSON.stringify(outcomes));
