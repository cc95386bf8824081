// Reads {letters: {name: html}, rules, clients} as JSON from standard input and writes, for each name, the
// messages of html-validate and the features that mail clients lack by caniemail's table.

import { json } from 'node:stream/consumers';
import { caniemail, rawData } from 'caniemail';
import { HtmlValidate, StaticConfigLoader } from 'html-validate';

const ask = await json(process.stdin);
const validator = new HtmlValidate(
  new StaticConfigLoader({ root: true, extends: ['html-validate:recommended'], rules: ask.rules }),
);
for (const { stats } of rawData.data) fillGaps(stats);
const told = {};
for (const [name, html] of Object.entries(ask.letters)) {
  told[name] = { markup: await markup(html), unsupported: ask.clients.length ? unsupported(html) : {} };
}
process.stdout.write(JSON.stringify(told));

async function markup(html) {
  const report = await validator.validateString(html);
  return report.results.flatMap((result) =>
    result.messages.map((found) => `${found.ruleId}: line ${found.line}: ${found.message}`),
  );
}

function unsupported(html) {
  const lacking = {};
  for (const [client, found] of caniemail({ clients: ask.clients, html }).issues.errors) {
    for (const { title } of found) (lacking[title] ??= new Set()).add(client);
  }
  return Object.fromEntries(Object.entries(lacking).map(([title, clients]) => [title, [...clients].sort()]));
}

// The table has no line for some pairs of feature and client, and caniemail 1.0.5 throws at those.
function fillGaps(stats) {
  for (const name of ask.clients) {
    const [family, platform] = name.split('.');
    stats[family] ??= {};
    stats[family][platform] ??= { untested: 'u' };
  }
}
