// Tables: search, filters, sorting, groups with subtotals, CSV.
(() => {
  const { element, digits, date, iso, known, say, read } = report;
  const TONES = ["", "good", "warning", "bad"];
  const STEP = 50, PRINTED = 2000, MOST_CHOICES = 100;

  function cellsOf(column) {
    const cells = column.cells;
    return Array.isArray(cells) ? cells : cells.index.map((word) => cells.words[word]);
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
      this.buildHead();
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
      const change = () => { this.limit = STEP; this.draw(); say(`${this.rows.length} rows`); };
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

    buildHead() {
      this.heads = this.columns.map((column, index) => {
        const mark = element("span", { class: "sort", "aria-hidden": "true" });
        const button = element("button", { type: "button", title: column.help || null, onclick: () => {
          this.sort = this.sort?.index === index
            ? (this.sort.down ? null : { index, down: true })
            : { index, down: false };
          this.limit = STEP;
          this.draw();
        } }, column.head, mark);
        return { mark, head: element("th", { scope: "col", class: column.kind === "text" ? null : "right" }, button) };
      });
      this.table.tHead.replaceChildren(element("tr", {}, this.heads.map((entry) => entry.head)));
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
      const body = document.createDocumentFragment();
      let left = this.limit;
      if (this.grouping) left = this.drawGroups(body, left);
      else {
        for (const row of this.rows.slice(0, left)) body.append(this.line(row));
        left -= Math.min(left, this.rows.length);
      }
      if (this.rows.length > 1 && this.columns.some((column) => column.total)) {
        body.append(this.sums("total", this.rows, "Total"));
      }
      if (!this.rows.length) {
        body.append(element("tr", {}, element("td", { colspan: this.columns.length, class: "empty" }, "No row matches.")));
      }
      this.table.tBodies[0].replaceChildren(body);
      this.heads.forEach(({ head, mark }, index) => {
        const sorted = this.sort?.index === index;
        mark.textContent = sorted ? (this.sort.down ? "\u2193" : "\u2191") : "";
        if (sorted) head.setAttribute("aria-sort", this.sort.down ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      });
      this.drawMore();
    }

    drawGroups(body, left) {
      const groups = new Map();
      for (const row of this.rows) {
        const name = this.groups.map((index) => this.text(this.columns[index], row)).join(" \u00b7 ");
        if (!groups.has(name)) groups.set(name, []);
        groups.get(name).push(row);
      }
      for (const [name, rows] of groups) {
        const open = this.open.get(name) ?? left > 0;
        body.append(this.sums("group", rows, name, open));
        if (!open) continue;
        const shown = Math.max(left, this.open.has(name) ? STEP : 0);
        for (const row of rows.slice(0, shown)) body.append(this.line(row));
        left = Math.max(0, left - rows.length);
      }
      return left;
    }

    line(row) {
      return element("tr", { class: TONES[this.data.tones?.[row] ?? 0] || null }, this.columns.map((column, index) => {
        const text = this.text(column, row);
        const kind = column.kind === "text" ? (text.length > 40 ? "long" : null) : "right";
        const attributes = index === 0 ? { scope: "row", class: kind } : { class: kind };
        return element(index === 0 ? "th" : "td", attributes, this.keys?.at[0] === index ? this.keyLink(row, text) : text);
      }));
    }

    keyLink(row, text) {
      const key = this.keys.at.map((index) => this.columns[index].cells[row]);
      if (!this.keys.opener.has(key)) return text;
      return element("button", { class: "link", type: "button", title: `Show ${key.join(", ")}`,
        onclick: () => this.keys.opener.open(key) }, text);
    }

    sums(kind, rows, name, open) {
      return element("tr", { class: kind }, this.columns.map((column, index) => {
        if (index === 0) {
          if (kind === "total") return element("th", { scope: "row" }, name);
          const count = element("span", { class: "count" }, `${rows.length} ${rows.length === 1 ? "row" : "rows"}`);
          return element("th", { scope: "row", colspan: this.span() }, element("button", {
            type: "button", "aria-expanded": String(open), onclick: () => { this.open.set(name, !open); this.draw(); },
          }, element("span", { "aria-hidden": "true" }, open ? "\u25be" : "\u25b8"), name || "(blank)", count));
        }
        if (kind === "group" && index < this.span()) return null;
        const values = column.total ? rows.map((row) => column.cells[row]).filter(known) : [];
        const sum = values.reduce((total, value) => total + value, 0);
        return element("td", { class: column.kind === "text" ? null : "right" }, values.length ? digits(sum, column.measure) : "");
      }));
    }

    // Columns that the name of a group may take: those before the first sum.
    span() {
      const first = this.columns.findIndex((column, index) => index > 0 && column.total);
      return first < 0 ? this.columns.length : first;
    }

    drawMore() {
      const shown = this.table.tBodies[0].querySelectorAll("tr:not(.group):not(.total)").length;
      const more = this.host.querySelector("[data-more]");
      const parts = [];
      if (this.rows.length) parts.push(element("span", {}, `${shown} of ${this.rows.length} rows shown`));
      if (shown < this.rows.length) {
        parts.push(element("button", { class: "button", type: "button", onclick: () => { this.limit += 4 * STEP; this.open.clear(); this.draw(); } }, "Show more"));
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
      say(`${this.rows.length} rows copied`);
    }

    download() {
      const link = element("a", {
        href: URL.createObjectURL(new Blob(["\ufeff" + this.csv()], { type: "text/csv" })),
        download: this.data.file || `${this.data.title || "table"}.csv`,
      });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
      say(`${this.rows.length} rows downloaded`);
    }

    // Paper shows every group open, up to a bound.
    print(on) {
      if (on) this.before = { limit: this.limit, open: this.open };
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
