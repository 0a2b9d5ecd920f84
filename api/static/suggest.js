// Suggestions under a field that names things: an ARIA combobox over /api/v1/suggest. Without it the field takes text.
const WAIT = 120; // milliseconds between keys
let made = 0;

class Suggest {
  constructor(input) {
    this.input = input;
    this.kinds = input.dataset.suggest;
    this.items = [];
    this.at = -1;
    this.list = document.createElement("ul");
    this.list.className = "suggestions";
    this.list.id = `suggestions-${(made += 1)}`;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", input.labels[0].textContent.trim());
    this.list.hidden = true;
    this.status = document.createElement("span");
    this.status.className = "skip";
    this.status.setAttribute("role", "status");
    input.after(this.list, this.status);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", this.list.id);
    input.addEventListener("input", () => this.typed());
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    this.list.addEventListener("mousedown", (event) => {
      const item = event.target.closest("li");
      if (item) { event.preventDefault(); this.choose([...this.list.children].indexOf(item)); }
    });
  }

  last() { return this.input.value.split(",").at(-1).trim(); }

  typed() {
    clearTimeout(this.timer);
    const text = this.last();
    if (text.length < 2) { this.close(); return; }
    this.timer = setTimeout(() => this.ask(text), WAIT);
  }

  async ask(text) {
    this.asked?.abort();
    this.asked = new AbortController();
    const query = new URLSearchParams({ q: text, kind: this.kinds, limit: "8", clang: document.documentElement.lang });
    try {
      const answer = await fetch(`/api/v1/suggest?${query}`, { headers: { Accept: "application/json" }, signal: this.asked.signal });
      if (answer.ok) this.show((await answer.json()).data);
    } catch (error) {
      if (error.name !== "AbortError") this.close();
    }
  }

  show(items) {
    this.items = items;
    this.at = -1;
    this.list.replaceChildren(...items.map((item, i) => {
      const row = document.createElement("li");
      row.id = `${this.list.id}-${i}`;
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", "false");
      row.textContent = item.label || item.slug;
      const small = document.createElement("small");
      small.textContent = item.matched.value === item.label ? `${item.kind} · ${item.slug}` : `${item.kind} · ${item.slug} · ${item.matched.value}`;
      row.append(small);
      return row;
    }));
    this.list.hidden = items.length === 0;
    this.input.setAttribute("aria-expanded", String(items.length > 0));
    const said = this.input.form.dataset;
    this.status.textContent = items.length ? said.suggestCount.replace("%", items.length) : said.suggestNone;
  }

  key(event) {
    if (event.key === "Escape") { this.close(); return; }
    if (this.list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const n = this.items.length;
      this.mark((this.at + (event.key === "ArrowDown" ? 1 : this.at < 0 ? n : n - 1)) % n);
    } else if (event.key === "Enter" && this.at >= 0) {
      event.preventDefault();
      this.choose(this.at);
    }
  }

  mark(at) {
    this.at = at;
    [...this.list.children].forEach((row, i) => row.setAttribute("aria-selected", String(i === at)));
    this.input.setAttribute("aria-activedescendant", `${this.list.id}-${at}`);
    this.list.children[at].scrollIntoView({ block: "nearest" });
  }

  choose(at) {
    const { id, slug } = this.items[at];
    const before = this.input.value.split(",").slice(0, -1).map((part) => part.trim());
    // of one kind the slug is enough; where things of several kinds may be named, the IRI says which
    this.input.value = [...before, this.kinds.includes(",") ? id : slug].join(",");
    this.close();
  }

  close() {
    this.list.hidden = true;
    this.at = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}

for (const input of document.querySelectorAll("input[data-suggest]")) new Suggest(input);
