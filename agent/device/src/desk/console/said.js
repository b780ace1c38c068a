// What a screen reader says, in the page's one live region: the last sentence counts, and none silences another that may not
// have been heard to its end.

/** How long a screen reader may take to say a sentence. */
const HEARD_MS = 3000;

/** When something was last said. */
let saidAt = 0;

const region = () => document.getElementById("said");

/** Says `text` instead of what was said last. */
export function announce(text) {
  region().textContent = text;
  saidAt = Date.now();
}

/** Says `text`; what was said just before it, and may not have been heard to its end, is said again with it. */
export function announceToo(text) {
  const before = Date.now() - saidAt < HEARD_MS ? region().textContent : "";
  announce(`${before} ${text}`.trim());
}

/** What of `banners` is grave and was not there when last looked is said; what other modules say themselves is not. */
export function announceNew(banners) {
  const grave = banners.filter(({ dataset }) => ["grave", "drill"].includes(dataset.weight) && !["overdue", "failure"].includes(dataset.what));
  const texts = grave.map((banner) => [...banner.querySelectorAll("p")].map((p) => p.textContent).join(" ") || banner.textContent);
  const news = texts.filter((text) => !told.has(text));
  told = new Set(texts);
  if (news.length > 0) announceToo(news.join(" "));
}

let told = new Set();
