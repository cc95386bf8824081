// Reads {chromium, pages: [{name, html, headers}], schemes, widths} as JSON from standard input and
// writes, for each page's name, what Chromium saw of it: violations of WCAG 2 A and AA by scheme, the
// pixels by which it is too wide by width, dialogs, requests, and its title in the end.
//
// No byte leaves the machine: each page is answered from here, every other request is noted and refused.

import { readFileSync } from 'node:fs';
import axe from 'axe-core';
import puppeteer from 'puppeteer-core';

const ADDRESS = 'https://letter.test/';
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const ask = JSON.parse(readFileSync(0, 'utf8'));

const browser = await puppeteer.launch({
  executablePath: ask.chromium,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
});
const seen = {};
try {
  for (const asked of ask.pages) seen[asked.name] = await look(asked);
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(seen));

async function look({ html, headers }) {
  const page = await browser.newPage();
  const dialogs = [];
  const requests = [];
  page.on('dialog', (dialog) => {
    dialogs.push(dialog.message());
    dialog.dismiss();
  });
  await page.setRequestInterception(true);
  page.on('request', (request) => {
    if (request.url() === ADDRESS) {
      request.respond({ contentType: 'text/html; charset=utf-8', headers, body: html });
    } else if (/^(data:|https:\/\/letter\.test\/favicon\.ico$)/.test(request.url())) {
      request.continue();
    } else {
      requests.push(request.url());
      request.abort();
    }
  });
  await page.goto(ADDRESS, { waitUntil: 'networkidle0' });
  const violations = {};
  for (const scheme of ask.schemes ?? []) violations[scheme] = await violationsIn(page, scheme);
  const tooWide = {};
  for (const width of ask.widths ?? []) tooWide[width] = await pixelsTooWide(page, width);
  const title = await page.title();
  await page.close();
  return { violations, too_wide: tooWide, dialogs, requests, title };
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
