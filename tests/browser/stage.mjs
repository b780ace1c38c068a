// The stage: `browser-stage`, a real agent with real lists behind it, and a real Chromium in front of it.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { wedge } from "./wedge.mjs";

const PROGRAM = fileURLToPath(new URL("../../target/debug/browser-stage", import.meta.url));
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** Starts headquarters, broker, device. `command("kill")` and so on: see `browser_stage.rs`. */
export async function startStage() {
  const child = spawn(PROGRAM, { stdio: ["pipe", "pipe", "inherit"] });
  const waiting = [];
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.resolve(JSON.parse(line)));
  const ended = new Promise((resolve) => child.on("exit", resolve));
  ended.then((code) => waiting.forEach(({ reject }) => reject(new Error(`browser-stage ended with ${code}`))));
  const line = () => new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  const { url, zones } = await line();
  const command = (text) => {
    const answered = line();
    child.stdin.write(`${text}\n`);
    return answered;
  };
  return {
    url,
    zones,
    command,
    /** Lays a document on the serial reader. */
    lay(zone) {
      return command(`lay ${zone.trim().replaceAll("\n", "/")}`);
    },
    async end() {
      child.stdin.end();
      await ended;
    },
  };
}

/** A browser that talks to nobody but the desk. */
export function startBrowser() {
  return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
}

/** The console in a page of its own, ready. `page.foreign`: requests to anybody else; `page.wrong`: errors it told. */
export async function openConsole(browser, stage, { language = "en", first = "ready", ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  await context.addInitScript((settings) => {
    if (localStorage.getItem("vedette") === null) localStorage.setItem("vedette", settings);
  }, JSON.stringify({ language }));
  const page = await context.newPage();
  Object.assign(page, { foreign: [], wrong: [] });
  page.on("request", (request) => {
    if (!request.url().startsWith(stage.url)) page.foreign.push(request.url());
  });
  page.on("pageerror", (error) => page.wrong.push(error.message));
  page.on("console", (message) => {
    // A browser tells of each failed request; what the page makes of it is what the tests look at.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) page.wrong.push(message.text());
  });
  await page.goto(stage.url);
  await screen(page, first);
  return page;
}

/** Waits for a screen: `ready`, `answer`, `lost` ... */
export function screen(page, name) {
  return page.waitForSelector(`#screen[data-screen="${name}"]`);
}

/** Scans with a keyboard wedge and waits for the answer to this very document. */
export async function scan(page, zone) {
  await wedge(page, `${zone}\n`);
  const number = zone.split("\n")[1].slice(0, 9).replaceAll("<", "");
  await page.waitForFunction((expected) => {
    const shown = document.querySelector(".verdict .number");
    return document.getElementById("screen").dataset.screen === "answer" && shown?.textContent === expected;
  }, number).catch(async (error) => {
    throw new Error(`${number} is not answered, but there is: ${await page.innerText("body")}`, { cause: error });
  });
}

/** Silence that a single key needs before it, as a person leaves it. */
const HUSH_MS = 350;

/** A person presses a key that acts by itself. */
export async function press(page, key) {
  await page.waitForTimeout(HUSH_MS);
  await page.keyboard.press(key);
}

/** Another program gives every open hit its outcome, and the page hears of it; returns how many there were. */
export async function giveAll(page) {
  const given = await page.evaluate(async () => {
    const headers = { "vedette-page": sessionStorage.getItem("vedette-page") ?? "" };
    const call = (path, body) => fetch(path, { headers, ...(body && { method: "POST", headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) }) });
    const ids = (await (await call("/v1/open")).json()).flatMap(({ answer }) => answer.alerts.map(({ encounter_id }) => encounter_id));
    for (const id of ids) await call(`/v1/encounters/${id}/outcome`, { outcome: "released" });
    return ids.length;
  });
  await page.waitForFunction(() => document.querySelector("#bar [data-act=open]") === null);
  return given;
}

/** The verdict on the screen, in the API's words. */
export function verdict(page) {
  return page.getAttribute(".answer", "data-verdict");
}

/** How an element looks now, read in one step: what the page draws anew in between has no style any more. */
export function style(page, selector, property) {
  return page.evaluate(([found, name]) => getComputedStyle(document.querySelector(found))[name], [selector, property]);
}
