// What is always in view: the post, the link, the queue, hits without an outcome, what owners must confirm; and, for as long
// as it is so, a banner for every list that cannot be asked or is stale. Only draws.

import { bdi, el } from "./dom.js";
import { overdue, timer } from "./owner.js";
import { age, fill, isolate, phrase, say, shown } from "./words.js";

/** The line at the top. `status`: null before the first. */
export function bar({ status, connected, open, pending, officer, showMenu, showOpen, showOwners, putAway, signOut }) {
  const online = connected && status?.online === true;
  return [
    el("p", { class: "where" },
      el("span", { class: "mark", "aria-hidden": "true" }),
      bdi(shown(status?.post || status?.device || "Vedette"), { class: "post" }),
      status?.post && status.post !== status.device && bdi(shown(status.device), { class: "device" })),
    el("ul", { class: "states" },
      status && el("li", { class: "link", "data-online": String(online) },
        el("span", { class: "dot", "aria-hidden": "true" }), say(online ? "bar.online" : "bar.offline")),
      status && el("li", { class: "queue", "data-waiting": String(status.spool > 0) }, say("bar.queue", { count: status.spool })),
      owners(pending, showOwners),
      open > 0 && el("li", {}, el("button", { type: "button", class: "open", "data-act": "open", onclick: showOpen },
        say("bar.open", { count: open }), el("kbd", { "aria-hidden": "true" }, "N"))),
    ),
    el("div", { class: "tools" },
      officer && el("button", { type: "button", class: "officer", "data-act": "sign-out", onclick: signOut },
        bdi(shown(officer.name)), " · ", say("session.sign_out")),
      putAway && el("button", { type: "button", "data-act": "away", onclick: putAway }, say("answer.away"), el("kbd", { "aria-hidden": "true" }, "Esc")),
      el("button", { type: "button", "data-act": "menu", onclick: showMenu }, say("bar.menu"), el("kbd", { "aria-hidden": "true" }, "F2"))),
  ];
}

/** Clocks that run, the most urgent one's time, and how many ran out. */
function owners(pending, showOwners) {
  const clocks = pending.allClocks().filter((clock) => !clock.answer && !(overdue(clock) && pending.isDone(clock)));
  const late = pending.late.filter(({ reported }) => !reported).length;
  if (clocks.length + late === 0) return null;
  const over = clocks.filter(overdue).length;
  const running = clocks.find((clock) => !overdue(clock));
  return el("li", {}, el("button", { type: "button", class: "open", "data-act": "owners", "data-overdue": String(over > 0), onclick: showOwners },
    [over > 0 && say("bar.overdue", { count: over }),
      running && [say("bar.waiting", { count: clocks.length - over }), " ", timer(running)],
      late > 0 && say("bar.late", { count: late })].filter(Boolean).flatMap((part, n) => n === 0 ? part : [" · ", part]),
    el("kbd", { "aria-hidden": "true" }, "C")));
}

/**
 * What must not be missed; nothing while all is well. `grown`: seconds since the status came. `failure`: says one. `stay()`: the session
 * is about to end, and goes on with this.
 */
export function banners(status, grown, { failure, session, stay }) {
  const told = status === null ? [] : listBanners(status, grown);
  if (["expired", "ended"].includes(session?.roster?.state)) told.unshift(banner("grave", say("banner.roster")));
  if (stay) {
    told.unshift(el("div", { class: "banner", "data-weight": "grave", "data-what": "ending" },
      el("p", {}, say("session.ends")), el("button", { type: "button", "data-act": "stay", onclick: stay }, say("session.stay"))));
  }
  if (failure !== null) told.unshift(banner("grave", failure(), "failure"));
  return told;
}

function listBanners(status, grown) {
  if (status.lists.length === 0) return [banner("grave", say("banner.no_list"))];
  const told = status.lists.map((list) => toldOf(list, grown)).filter(Boolean);
  // One of a kind: after an outage all lists are told of, and the answer must stay in view.
  return [["grave", "banner.not_asked_many"], ["mild", "banner.old_many"]].flatMap(([weight, many]) => {
    const texts = told.filter((one) => one.weight === weight).map(({ text }) => text);
    return (texts.length > 1 ? [say(many, { count: texts.length })] : texts).map((text) => banner(weight, text));
  });
}

/** What must be known of one list, if anything must. */
function toldOf(list, grown) {
  const values = { list: isolate(list.list), age: age(list.age_s + grown), n: list.newest_known };
  if (list.why || list.age_s + grown >= list.lease_s) {
    const why = list.why ? phrase(list.why) : say("why.lease");
    return { weight: "grave", text: fill("banner.not_asked", { ...values, why }) };
  }
  if (list.doubt) return { weight: "mild", text: fill("banner.doubt", { ...values, why: phrase(list.doubt) }) };
  if (list.newest_known > list.edition) return { weight: "mild", text: fill("banner.behind", values) };
  return list.freshness === "stale" ? { weight: "mild", text: fill("banner.stale", values) } : null;
}

function banner(weight, text, what = null) {
  return el("p", { class: "banner", "data-weight": weight, "data-what": what }, text);
}

/** The lists on this device, as the ready screen shows them. */
export function heldLists(status, grown) {
  if (status === null || status.lists.length === 0) return null;
  return el("section", { class: "held", "aria-labelledby": "held" },
    el("h2", { id: "held" }, say("lists.held")),
    el("ul", {}, status.lists.map((list) => el("li", { "data-freshness": list.freshness },
      bdi(list.list, { class: "mono" }),
      bdi(shown(list.owner)),
      el("span", {}, say("lists.edition"), " ", list.edition === 0 ? say("lists.none") : String(list.edition)),
      el("span", {}, list.edition === 0 ? "" : fill("lists.ago", { age: age(list.age_s + grown) })),
      el("strong", { class: "freshness" }, say(`freshness.${list.freshness}`)),
    ))),
  );
}
