// Reads {chromium, pages: [{name, html, headers, path}], schemes, widths} as JSON from standard input and
// writes, for each page's name, what Chromium saw of it: violations of WCAG 2 A and AA by scheme, the
// pixels by which it is too wide by width, dialogs and requests.
//
// No byte leaves the machine: each page is answered from here, or is a file at `path` with its neighbours;
// every other request is noted and refused.

import { json } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import puppeteer from 'puppeteer-core';

const ADDRESS = 'https://letter.test/';
const PATIENCE = 120_000; // milliseconds for one step on a busy machine
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const ask = await json(process.stdin);

const browser = await puppeteer.launch({
  executablePath: ask.chromium,
  timeout: PATIENCE,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--disable-background-networking',
    '--host-resolver-rules=MAP * ~NOTFOUND',
  ],
});
const seen = {};
try {
  for (const asked of ask.pages) seen[asked.name] = await look(asked);
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(seen));

async function look({ html, headers, path }) {
  const address = path ? pathToFileURL(path).href : ADDRESS;
  const folder = path ? new URL('.', address).href : 'data:';
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  const dialogs = [];
  const requests = [];
  page.on('dialog', (dialog) => {
    dialogs.push(dialog.message());
    dialog.dismiss().catch(() => {}); // the page may have been closed in the meantime
  });
  await page.setRequestInterception(true);
  page.on('request', (request) => {
    if (!path && request.url() === ADDRESS) {
      request.respond({ contentType: 'text/html; charset=utf-8', headers, body: html });
    } else if (request.url().startsWith('data:') || request.url().startsWith(folder)) {
      request.continue();
    } else {
      if (request.url() !== `${ADDRESS}favicon.ico`) requests.push(request.url());
      if (request.isNavigationRequest()) request.respond({ status: 204 }); // the page stays
      else request.abort();
    }
  });
  await page.goto(address, { waitUntil: 'load' });
  await page.waitForNetworkIdle({ idleTime: 250 });
  const violations = {};
  for (const scheme of ask.schemes ?? []) violations[scheme] = await violationsIn(page, scheme);
  const tooWide = {};
  for (const width of ask.widths ?? []) tooWide[width] = await pixelsTooWide(page, width);
  await page.close();
  return { violations, too_wide: tooWide, dialogs, requests };
}

async function violationsIn(page, scheme) {
  await page.setViewport({ width: 700, height: 900 });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await page.evaluate(axe.source);
  const found = await page.evaluate(
    (rules) => window.axe.run(document, { runOnly: rules, resultTypes: ['violations'] }),
    RULES,
  );
  return found.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary}`),
  );
}

async function pixelsTooWide(page, width) {
  // Not isMobile: a phone's browser zooms out until a page that is too wide fits.
  await page.setViewport({ width, height: 800 });
  const needed = await page.evaluate(() => document.documentElement.scrollWidth);
  return Math.max(0, needed - width);
}
