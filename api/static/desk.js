// The desk: progress as it happens, and the keyboard for likely duplicates. Without this file the page reloads itself.
const progress = document.getElementById("progress");
if (progress) {
  const events = new EventSource(progress.dataset.events);
  const list = progress.querySelector("ol");
  list.replaceChildren(); // the events tell all steps from the first
  events.addEventListener("step", ({ data }) => {
    const item = document.createElement("li");
    item.textContent = JSON.parse(data).step;
    list.append(item);
  });
  events.addEventListener("done", () => { events.close(); window.location.reload(); });
}

// s: the same, n: not the same, u: unsure (the next one); on the pair that has the focus
const open = () => [...document.querySelectorAll(".pair[data-open]")];
for (const pair of document.querySelectorAll(".pair")) {
  const unsure = pair.querySelector("[data-key=u]");
  if (unsure) { unsure.hidden = false; unsure.addEventListener("click", () => next(pair)); }
  pair.addEventListener("keydown", (event) => {
    if (event.target !== pair || event.ctrlKey || event.metaKey || event.altKey) return;
    const button = pair.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (button) { event.preventDefault(); button.click(); }
  });
}

function next(pair) {
  const pairs = open();
  pairs[(pairs.indexOf(pair) + 1) % pairs.length]?.focus();
}

if (window.location.hash === "#pairs") open()[0]?.focus();
