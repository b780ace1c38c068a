// The outage exercise: while it runs, a banner on every screen; after it, how ready the post was; and, for an administrator,
// its beginning and end in the menu.

import { el } from "./dom.js";
import { fill, has, moment, say, shown } from "./words.js";

/** How long a drill lasts where nobody says otherwise, minutes. */
const MINUTES = 15;
/** So long after its end encounters may be under way, milliseconds, as the agent judges it. */
const HOME_MS = 60_000;

/** Banners; nothing where no drill is or was. `saw(drill)` puts the result away. */
export function drillBanners(status, pending, saw) {
  if (status.drill_until) return [banner("running", el("p", {}, fill("drill.running", { time: moment(status.drill_until) })))];
  const drill = pending.drillNews();
  if (drill === null) return [];
  const { report } = drill;
  const state = stateOf(drill);
  return [banner(state.replace("_", "-"),
    el("p", {}, el("strong", {}, say(`drill.${state}`)), " ",
      state === "not_ready" && report.shortcomings.map((code) => `${has(code) ? say(code) : shown(code)} `)),
    el("p", {}, counted(report)),
    el("button", { type: "button", "data-act": "saw drill", onclick: () => saw(drill) }, say("banner.seen")))];
}

/** Whether the post is ready is known once its encounters are home, or took too long. */
function stateOf({ ends, report }) {
  const underWay = report.home_after_s === undefined && Date.now() - Date.parse(ends) < HOME_MS;
  if (underWay && report.shortcomings.every((code) => code === "drill.not_home")) return "over";
  return report.shortcomings.length === 0 ? "ready" : "not_ready";
}

function counted({ checks, not_checked, p99_us, spooled, home_after_s: n }) {
  const figures = say("drill.counted", { checks, not_checked, ms: Math.ceil(p99_us / 1000) });
  return `${figures} ${n === undefined ? say("drill.waits", { spooled }) : say("drill.home", { spooled, n })}`;
}

function banner(what, ...children) {
  return el("div", { class: "banner", "data-weight": "drill", "data-what": what }, children);
}

/** The administrator's part of the menu. `agent`: begins and ends it; `failed(error)`: it was refused. */
export function drillForm(running, agent, failed) {
  const act = async (does) => {
    try {
      await does();
    } catch (error) {
      failed(error);
    }
  };
  const form = el("form", {
    class: "drill",
    onsubmit: (event) => {
      event.preventDefault();
      act(() => running ? agent.endDrill() : agent.beginDrill(Number(form.elements.minutes.value)));
    },
  },
  el("h3", {}, say("drill.title")),
  !running && el("label", {}, el("span", {}, say("drill.minutes")),
    el("input", { name: "minutes", type: "number", min: 1, max: 120, value: MINUTES, required: true })),
  el("button", {}, say(running ? "drill.stop" : "drill.start")));
  return form;
}
