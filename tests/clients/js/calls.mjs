// Runs a list of calls with X's own JavaScript SDK and writes what came of each as JSON, for a test to look at.
//
// Standard input: {"baseUrl", "accessToken"?, "bearerToken"?, "oauth1"?, "calls": [[method, arguments]]}. A method is one
// of client.users, or of another part of the client with its name before it: "posts.create".
// Standard output: a list of {"value"} or {"error": {"status", "data", "headers"}}, one for each call, in order.

import { ApiError, Client, OAuth1, PostPaginator, UserPaginator } from "@xdevplatform/xdk";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { calls, oauth1, ...options } = JSON.parse(Buffer.concat(chunks).toString());
const client = new Client(oauth1 ? { ...options, oauth1: new OAuth1(oauth1) } : options);

// Everybody on the list, by the SDK's own paginator.
async function walkMuting(id, options) {
  const people = new UserPaginator((paginationToken) =>
    client.users.getMuting(id, { ...options, ...(paginationToken && { paginationToken }) }),
  );
  const ids = [];
  for await (const user of people) ids.push(user.id);
  return ids;
}

// Every post of a timeline, the same way.
async function walkTimeline(id, options) {
  const posts = new PostPaginator((paginationToken) =>
    client.users.getTimeline(id, { ...options, ...(paginationToken && { paginationToken }) }),
  );
  const ids = [];
  for await (const post of posts) ids.push(post.id);
  return ids;
}

const walks = { walkMuting, walkTimeline };

async function call(method, ...parameters) {
  if (method in walks) return walks[method](...parameters);
  const [part, name] = method.includes(".") ? method.split(".") : ["users", method];
  return client[part][name](...parameters);
}

async function outcome(method, ...parameters) {
  try {
    return { value: await call(method, ...parameters) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { error: { status: error.status, data: error.data, headers: Object.fromEntries(error.headers) } };
  }
}

const outcomes = [];
for (const call of calls) outcomes.push(await outcome(...call));
console.log(JSON.stringify(outcomes));
