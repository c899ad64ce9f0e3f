// Tables: search, filters, sorting, groups with subtotals, CSV.
(() => {
  const { element, digits, date, iso, known, say, read } = report;
  const TONES = ["", "good", "warning", "bad"], WORDS = ["", "good", "watch", "act"];
  const STEP = 20, MORE = 200, PRINTED = 250, MOST_CHOICES = 100, SHORT = 24;

  const counted = (count) => `${report.grouped(count, 0)} ${count === 1 ? "row" : "rows"}`;
  function cellsOf(column) {
    const cells = column.cells;
    return Array.isArray(cells) ? cells : cells.index.map((code) => report.text(cells.words, code));
  }

  class DataTable {
    constructor(host) {
      this.host = host;
      this.data = read(host.dataset.table);
      this.columns = this.data.columns.map((column) => ({ ...column, cells: cellsOf(column) }));
      this.table = host.querySelector("table");
      this.groups = this.data.group;
      this.grouping = this.groups.length > 0;
      this.filters = new Map();
      this.query = "";
      this.sort = null;
      this.limit = STEP;
      this.open = new Map();
      this.keys = this.keyColumns();
      host.querySelector("[data-left-out]")?.remove();
      this.buildControls();
      this.draw();
    }

    // The columns that together name an entry of the details, if there are such.
    keyColumns() {
      for (const opener of report.openers) {
        const at = opener.keys.map((key) => this.columns.findIndex((column) => column.title === key));
        if (at.length && at.every((i) => i >= 0)) return { at, opener };
      }
      return null;
    }

    buildControls() {
      const controls = this.host.querySelector("[data-controls]");
      const change = () => { this.limit = STEP; this.draw(); say(counted(this.rows.length)); };
      controls.append(element("label", { class: "grow" }, "Search", element("input", {
        type: "search", placeholder: "any text in a row", autocomplete: "off", "aria-controls": this.table.id,
        oninput: (event) => { this.query = event.target.value.trim().toLowerCase(); change(); },
      })));
      for (const index of this.groups) this.addFilter(controls, index, change);
      if (this.groups.length) {
        const button = element("button", { class: "button", type: "button", "aria-pressed": "true", onclick: () => {
          this.grouping = !this.grouping;
          button.setAttribute("aria-pressed", this.grouping);
          change();
        } }, "Subtotals");
        controls.append(button);
      }
      controls.append(
        element("button", { class: "button", type: "button", onclick: () => this.copy() }, "Copy CSV"),
        element("button", { class: "button", type: "button", onclick: () => this.download() }, "Download CSV"));
    }

    addFilter(controls, index, change) {
      const column = this.columns[index];
      const choices = [...new Set(column.cells)].sort();
      if (column.kind !== "text" || choices.length < 2 || choices.length > MOST_CHOICES) return;
      controls.append(element("label", {}, column.title, element("select", {
        "aria-controls": this.table.id,
        onchange: (event) => {
          const at = event.target.selectedIndex - 1;
          if (at < 0) this.filters.delete(index); else this.filters.set(index, choices[at]);
          change();
        },
      }, element("option", {}, "all"), choices.map((choice) => element("option", {}, choice || "(blank)")))));
    }

    // The columns on show: a group's name says what its grouping columns would repeat.
    visible() {
      const hidden = this.grouping ? this.groups : [];
      return this.columns.map((_, index) => index).filter((index) => !hidden.includes(index));
    }

    drawHead(shown) {
      const heads = shown.map((index) => {
        const column = this.columns[index], sorted = this.sort?.index === index;
        const mark = element("span", { class: "sort", "aria-hidden": "true" }, sorted ? (this.sort.down ? "\u2193" : "\u2191") : "");
        const button = element("button", { type: "button", title: column.help || null, onclick: () => {
          this.sort = this.sort?.index === index
            ? (this.sort.down ? null : { index, down: true })
            : { index, down: false };
          this.limit = STEP;
          this.draw();
          this.table.tHead.querySelectorAll("button")[shown.indexOf(index)].focus();
        } }, column.head, mark);
        // On paper a head with a button in it would not repeat on the next page.
        const content = this.printing ? column.head : button;
        const unbroken = this.textKind(column.head).includes("unbroken");
        return element("th", { scope: "col", class: unbroken ? "long unbroken" : column.kind === "text" ? null : "right",
          "aria-sort": sorted ? (this.sort.down ? "descending" : "ascending") : null }, content);
      });
      this.table.tHead.replaceChildren(element("tr", {}, heads));
    }

    // The rows that search and filters leave, in the order that the head asks for.
    select() {
      const rows = [];
      for (let row = 0; row < this.data.rows; row++) {
        let kept = true;
        for (const [index, wanted] of this.filters) kept = kept && this.columns[index].cells[row] === wanted;
        if (kept && this.query) kept = this.columns.some((column) => this.text(column, row).toLowerCase().includes(this.query));
        if (kept) rows.push(row);
      }
      if (!this.sort) return rows;
      const { cells, kind } = this.columns[this.sort.index], sign = this.sort.down ? -1 : 1;
      const blank = (value) => value === null || value === undefined || value === "";
      return rows.sort((a, b) => {
        const [x, y] = [cells[a], cells[b]];
        if (blank(x) || blank(y)) return blank(x) - blank(y) || a - b;
        const order = kind === "text" ? String(x).localeCompare(String(y), undefined, { numeric: true }) : x - y;
        return sign * order || a - b;
      });
    }

    text(column, row) {
      const cell = column.cells[row];
      if (cell === null || cell === undefined) return "";
      if (column.kind === "number") return digits(cell, column.measure);
      return column.kind === "date" ? date(cell) : cell;
    }

    draw() {
      this.rows = this.select();
      this.shown = this.visible();
      this.drawHead(this.shown);
      const body = document.createDocumentFragment();
      if (this.grouping) this.drawGroups(body);
      else body.append(...this.rows.slice(0, this.limit).map((row) => this.line(row)));
      if (this.rows.length > 1 && this.columns.some((column) => column.total)) {
        body.append(this.sums("total", this.rows, "Total"));
      }
      if (!this.rows.length) {
        body.append(element("tr", {}, element("td", { colspan: this.shown.length, class: "empty" }, "No row matches.")));
      }
      this.table.tBodies[0].replaceChildren(body);
      this.drawMore();
    }

    // Few rows stand open under their groups; of many, the groups come first.
    drawGroups(body) {
      const groups = new Map();
      for (const row of this.rows) {
        const name = this.groups.map((index) => this.text(this.columns[index], row)).join(" \u00b7 ");
        if (!groups.has(name)) groups.set(name, []);
        groups.get(name).push(row);
      }
      let left = this.printing ? PRINTED : MORE;
      for (const [name, rows] of groups) {
        const open = this.open.get(name) ?? (this.printing ? left > 0 : this.rows.length <= 3 * STEP);
        body.append(this.sums("group", rows, name, open));
        if (!open) continue;
        const most = open === "all" ? rows.length : Math.min(rows.length, this.printing ? left : MORE);
        body.append(...rows.slice(0, most).map((row) => this.line(row)));
        left = Math.max(0, left - most);
        if (most < rows.length) {
          body.append(element("tr", { class: "rest" }, element("td", { colspan: this.shown.length }, element("button", { class: "link", type: "button",
            onclick: () => { this.open.set(name, "all"); this.draw(); } }, `${counted(rows.length - most)} more of ${name}`))));
        }
      }
    }

    line(row) {
      const tone = this.data.tones?.[row] ?? 0;
      const word = tone ? element("span", { class: "visually-hidden" }, `${WORDS[tone]}: `) : null;
      return element("tr", { class: TONES[tone] || null }, this.shown.map((index, place) => {
        const column = this.columns[index], text = this.text(column, row);
        const content = this.keys?.at[0] === index ? this.keyLink(row, text) : text;
        return place === 0
          ? element("th", { scope: "row", class: this.kind(column, text) }, word, content)
          : element("td", { class: this.kind(column, text) }, content);
      }));
    }

    // Numbers and dates at the right, short text on one line, long text with room.
    kind(column, text) {
      return column.kind === "text" ? this.textKind(text) : "right";
    }
    textKind(text) {
      if (text.length <= SHORT) return "short";
      return text.split(/\s/).some((word) => word.length > SHORT) ? "long unbroken" : "long";
    }

    keyLink(row, text) {
      const key = this.keys.at.map((index) => this.columns[index].cells[row]);
      if (!this.keys.opener.has(key)) return text;
      return element("button", { class: "link", type: "button", title: `Show ${key.join(", ")}`,
        onclick: () => this.keys.opener.open(key) }, text);
    }

    sums(kind, rows, name, open) {
      const first = this.shown.findIndex((index, place) => place > 0 && this.columns[index].total);
      // The name may take the columns before the first sum.
      const span = first < 0 ? this.shown.length : first;
      const head = kind === "total" ? name : element("button", {
        type: "button", "aria-expanded": String(Boolean(open)), onclick: () => {
          this.open.set(name, !open);
          this.draw();
          [...this.table.querySelectorAll("tr.group button")].find((button) => button.dataset.group === name)?.focus();
        }, "data-group": name,
      }, element("span", { "aria-hidden": "true" }, open ? "\u25be" : "\u25b8"), element("bdi", {}, name || "(blank)"),
      element("span", { class: "count" }, counted(rows.length)));
      const cells = this.shown.slice(span).map((index) => {
        const column = this.columns[index];
        const values = column.total ? rows.map((row) => column.cells[row]).filter(known) : [];
        const sum = values.reduce((total, value) => total + value, 0);
        return element("td", { class: column.kind === "text" ? null : "right" }, values.length ? digits(sum, column.measure) : "");
      });
      return element("tr", { class: kind }, element("th", { scope: "row", class: this.textKind(name), colspan: span > 1 ? span : null }, head), cells);
    }

    drawMore() {
      const more = this.host.querySelector("[data-more]");
      const parts = [], count = this.rows.length, shown = Math.min(this.limit, count);
      if (this.grouping && count) parts.push(element("span", {}, counted(count)));
      if (!this.grouping && count) parts.push(element("span", {}, `${shown} of ${counted(count)} shown`));
      if (!this.grouping && shown < count) {
        parts.push(element("button", { class: "button", type: "button", onclick: () => { this.limit += MORE; this.draw(); } }, "Show more"));
      }
      if (this.data.leftOut) parts.push(element("span", {}, this.data.leftOut));
      more.replaceChildren(...parts);
    }

    csv() {
      const quote = (cell) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
      const plain = (column, row) => {
        const cell = column.cells[row];
        if (cell === null || cell === undefined) return "";
        return column.kind === "date" ? iso(cell) : String(cell);
      };
      const lines = [this.columns.map((column) => quote(column.title)).join(",")];
      for (const row of this.rows) lines.push(this.columns.map((column) => quote(plain(column, row))).join(","));
      return lines.join("\n") + "\n";
    }

    async copy() {
      const text = this.csv();
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        const area = element("textarea", { class: "visually-hidden" });
        area.value = text;
        document.body.append(area);
        area.select();
        document.execCommand("copy");
        area.remove();
      }
      say(`${counted(this.rows.length)} copied`);
    }

    download() {
      const link = element("a", {
        href: URL.createObjectURL(new Blob(["\ufeff" + this.csv()], { type: "text/csv" })),
        download: this.data.file || `${this.data.title || "table"}.csv`,
      });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
      say(`${counted(this.rows.length)} downloaded`);
    }

    // Paper shows every group open, up to a bound.
    print(on) {
      if (on) this.before = { limit: this.limit, open: this.open };
      this.printing = on;
      this.limit = on ? PRINTED : this.before.limit;
      this.open = on ? new Map() : this.before.open;
      this.draw();
    }
  }

  // The details come later in the page, and tables link to them.
  report.startTables = () => {
    const tables = [...document.querySelectorAll("[data-table]")].map((host) => new DataTable(host));
    addEventListener("beforeprint", () => tables.forEach((table) => table.print(true)));
    addEventListener("afterprint", () => tables.forEach((table) => table.print(false)));
  };
})();
