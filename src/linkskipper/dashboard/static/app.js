// What the pages can do only with a script. Every page works without it.

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// Times are sent relative and in UTC. The exact one is shown in the zone of the browser.
const zone = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
function localizeTimes(root) {
  for (const time of $$("time[datetime]", root)) time.title = zone.format(new Date(time.dateTime));
}

// On plain HTTP browsers offer no clipboard. There the text is selected, and the browser's own command copies it.
async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  let copied = false;
  try {
    await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
    copied = true;
  } catch {
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    copied = document.execCommand("copy");
  }
  const label = button.textContent;
  button.textContent = copied ? "Copied" : "Press Ctrl+C";
  setTimeout(() => { button.textContent = label; }, 2000);
}

// The code of a one-time link is in the fragment, which browsers send to no server.
function useLink() {
  const form = $("#link-form");
  if (!form || location.hash.length < 20) return;
  $("input[name=link]", form).value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname + location.search);
  // A link that somebody else sent must not move a visitor to another person's account unnoticed.
  if (form.dataset.ask === undefined) form.requestSubmit();
}

const SHORTCUTS = "linkskipper.shortcuts";
const shortcutsOn = () => localStorage.getItem(SHORTCUTS) !== "off";

function showShortcuts() {
  $("#shortcuts-on").checked = shortcutsOn();
  $("#shortcuts").showModal();
}

function moveRow(step) {
  const links = $$("table.list td.main a");
  const now = links.indexOf(document.activeElement);
  const next = links[now < 0 ? (step > 0 ? 0 : links.length - 1) : now + step];
  if (next) next.focus();
}

let waiting = false;
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !shortcutsOn() || !$("#shortcuts")) return;
  if (event.target.closest("input, textarea, select, dialog[open]")) return;
  const key = event.key;
  if (waiting) {
    waiting = false;
    const link = $$("nav a[data-letter]").find((item) => item.dataset.letter === key);
    if (link) link.click();
    return;
  }
  if (key === "g") {
    waiting = true;
    setTimeout(() => { waiting = false; }, 1500);
  } else if (key === "?") showShortcuts();
  else if (key === "j") moveRow(1);
  else if (key === "k") moveRow(-1);
  else if (key === "/" && $("[data-search]")) {
    event.preventDefault();
    $("[data-search]").focus();
  }
}

// A region that is being read does not change under the pointer or the selection. It is fetched afterwards.
const held = new Set();
function isRead(region) {
  const selection = getSelection();
  return region.matches(":hover") || (!selection.isCollapsed && region.contains(selection.anchorNode));
}
document.addEventListener("htmx:before:request", (event) => {
  const region = event.target;
  if (document.hidden) event.preventDefault();
  if (!(region instanceof Element) || !region.hasAttribute("data-live") || !isRead(region)) return;
  event.preventDefault();
  held.add(region);
});
document.addEventListener("pointermove", () => {
  for (const region of held) {
    if (isRead(region)) continue;
    held.delete(region);
    if (region.isConnected) htmx.trigger(region, "jobs");
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
  if (event.target.closest("[data-help]")) showShortcuts();
});
document.addEventListener("change", (event) => {
  if (event.target.id === "shortcuts-on") localStorage.setItem(SHORTCUTS, event.target.checked ? "on" : "off");
  if (event.target.closest("form[data-filter]")) event.target.form.requestSubmit();
});
document.addEventListener("keydown", onKey);
document.addEventListener("htmx:after:settle", () => { localizeTimes(document); reveal(); tellNews(); });

// New links do not move the list. A line says that there are some.
const newest = $("#news")?.dataset.newest;
function tellNews() {
  const news = $("#news");
  if (news && news.dataset.newest !== newest) $(".pill", news).hidden = false;
}

function reveal() {
  for (const button of $$("[data-copy][hidden], [data-help][hidden]")) button.hidden = false;
}
// On a narrow screen the menu scrolls. scrollIntoView would also move the place where Tab begins.
for (const item of $$(".side [aria-current]")) {
  const list = item.closest("ul");
  list.scrollLeft = item.offsetLeft - list.offsetLeft - (list.clientWidth - item.offsetWidth) / 2;
}
localizeTimes(document);
reveal();
useLink();
for (const form of $$("form[data-submit]")) form.requestSubmit();
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
addEventListener("hashchange", useLink);
