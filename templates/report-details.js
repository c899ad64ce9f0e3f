// Details: find an entry, see its forecast, its stock and its orders.
(() => {
  const { element, shape, digits, number, date, month, known, say, read } = report;
  const TONES = ["", "good", "warning", "bad"], WORDS = ["", "good", "watch", "act"];
  const LISTED = 200, PAPER = 700;
  const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const VALUE = new Map([...DIGITS].map((digit, value) => [digit, value]));

  // A packed series: decimals, then signed differences; "!" is unknown, "*" repeats.
  function unpack(packed) {
    const scale = 10 ** Number(packed[0]), values = [];
    let at = 1, before = 0;
    const next = () => {
      let value = 0, weight = 1, digit;
      do {
        digit = VALUE.get(packed[at++]);
        value += (digit % 32) * weight;
        weight *= 32;
      } while (digit >= 32);
      return value;
    };
    while (at < packed.length) {
      if (packed[at] === "!") { at++; values.push(null); continue; }
      if (packed[at] === "*") {
        at++;
        for (let count = next(); count > 0; count--) values.push(before / scale);
        continue;
      }
      const coded = next(), size = Math.floor(coded / 2);
      before += coded % 2 ? -size : size;
      values.push(before / scale);
    }
    return values;
  }

  function niceStep(rough) {
    const power = 10 ** Math.floor(Math.log10(rough)), lead = rough / power;
    return ([1, 2, 2.5, 5].find((round) => lead <= round * 1.000001) ?? 10) * power;
  }
  function tick(value) {
    const size = Math.abs(value);
    const [scaled, suffix] = size >= 1e9 ? [value / 1e9, "B"] : size >= 1e6 ? [value / 1e6, "M"] : size >= 1e4 ? [value / 1e3, "k"] : [value, ""];
    const decimals = [0, 1, 2].find((d) => Math.abs(scaled * 10 ** d - Math.round(scaled * 10 ** d)) < 1e-6) ?? 3;
    return report.grouped(scaled, decimals) + suffix;
  }

  // One plot over time, at the size of its place: bands, spans, curves, markers.
  class Plot {
    constructor(host, spec) {
      this.spec = spec;
      this.width = Math.max(280, spec.width || host.clientWidth || 640);
      this.height = this.width < 480 ? 230 : 260;
      this.scales();
      this.svg = shape("svg", { viewBox: `0 0 ${this.width} ${this.height}`, width: this.width, height: this.height,
        role: "img", "aria-label": `${spec.title}. ${spec.description}` });
      this.axes();
      this.marks();
      this.readout = element("p", { class: "readout", "aria-live": "off" });
      this.follow();
      host.replaceChildren(this.svg, this.readout);
    }

    scales() {
      const { spec } = this;
      const values = [0, ...spec.curves.flatMap((curve) => curve.values), ...spec.bands.flatMap((band) => [...band.low, ...band.high])].filter(known);
      let low = 0, high = 0;
      for (const value of values) { low = Math.min(low, value); high = Math.max(high, value); }
      if (high === low) high = low + 1;
      const step = niceStep((high - low) / 4);
      [low, high] = [Math.floor(low / step) * step, Math.ceil(high / step) * step];
      this.ticks = [];
      for (let i = 0; i <= Math.round((high - low) / step); i++) this.ticks.push(low + i * step);
      this.left = 14 + 7 * Math.max(...this.ticks.map((value) => tick(value).length));
      this.right = this.width - 10;
      this.top = 20;
      this.bottom = this.height - 26;
      const first = spec.days[0] ?? 0, last = spec.days[spec.days.length - 1] ?? first;
      const span = Math.max(1, last - first);
      const half = spec.days.length > 1 ? (this.right - this.left) / spec.days.length / 2 : 0;
      this.x = (day) => this.left + half + ((day - first) / span) * (this.right - this.left - 2 * half);
      this.y = (value) => this.bottom - ((value - low) / (high - low)) * (this.bottom - this.top);
    }

    axes() {
      const { svg } = this;
      svg.append(shape("text", { x: 0, y: 10 }, this.spec.unit));
      for (const value of this.ticks) {
        const y = this.y(value);
        svg.append(
          shape("line", { class: value === 0 ? "zero" : "grid", x1: this.left, x2: this.right, y1: y, y2: y }),
          shape("text", { x: this.left - 8, y: y + 4, "text-anchor": "end" }, tick(value)));
      }
      for (const { day, text } of this.dates()) {
        const x = this.x(day);
        svg.append(
          shape("line", { class: "notch", x1: x, x2: x, y1: this.bottom, y2: this.bottom + 5 }),
          shape("text", { x: Math.min(x, this.width - 26), y: this.bottom + 19, "text-anchor": "middle" }, text));
      }
    }

    // Names of days or months, as many as fit.
    dates() {
      const { days } = this.spec;
      if (!days.length) return [];
      const [first, last] = [days[0], days[days.length - 1]];
      const room = Math.max(2, Math.floor((this.right - this.left) / 84));
      if (last - first < 150) {
        const every = Math.max(1, Math.ceil(days.length / room));
        return days.filter((_, i) => i % every === 0).map((day) => ({ day, text: date(day, false) }));
      }
      const months = [1, 2, 3, 6, 12, 24, 60].find((m) => (last - first) / 30.4 / m < room) ?? 120;
      const found = [], at = new Date(first * 86400000);
      let count = at.getUTCFullYear() * 12 + at.getUTCMonth();
      for (; ; count++) {
        const day = Date.UTC(Math.floor(count / 12), count % 12, 1) / 86400000;
        if (day > last) return found;
        if (day >= first && count % months === 0) found.push({ day, text: month(day) });
      }
    }

    marks() {
      const { spec, svg } = this;
      const half = spec.days.length > 1 ? (this.x(spec.days[1]) - this.x(spec.days[0])) / 2 : 6;
      for (const [from, to] of spec.spans) {
        if (from >= spec.days.length) continue;
        const a = this.x(spec.days[from]) - half, b = this.x(spec.days[Math.min(to, spec.days.length - 1)]) + half;
        svg.append(shape("rect", { class: "span", x: a, y: this.top, width: Math.max(1, b - a), height: this.bottom - this.top }));
      }
      for (const [i, band] of spec.bands.entries()) {
        const at = spec.days.map((_, j) => j).filter((j) => known(band.low[j]) && known(band.high[j]));
        if (!at.length) continue;
        const point = (j, value) => `${this.x(spec.days[j]).toFixed(1)} ${this.y(value).toFixed(1)}`;
        // The edge of a level holds from each day to the next, as its curve does.
        const edge = (values) => at.flatMap((j, place) => (band.steps && place > 0
          ? [point(j, values[at[place - 1]]), point(j, values[j])] : [point(j, values[j])]));
        svg.append(shape("path", { class: `band b${Math.min(i, 3)}`, d: `M${[...edge(band.high), ...edge(band.low).reverse()].join("L")}Z` }));
      }
      if (spec.now !== null) {
        const x = this.x(spec.now) - half;
        svg.append(shape("line", { class: "now", x1: x, x2: x, y1: this.top - 6, y2: this.bottom }));
        const end = x > this.width - 60;
        svg.append(shape("text", { x: x + (end ? -5 : 5), y: this.top - 3, "text-anchor": end ? "end" : "start" }, "plan"));
      }
      for (const curve of spec.curves) svg.append(shape("path", { class: `curve ${curve.style}`, d: this.along(curve) }));
      for (const marker of spec.markers) {
        const x = this.x(marker.day), y = this.top + 10;
        svg.append(shape("path", { class: "marker", d: `M${x} ${y}L${x - 5} ${y - 9}L${x + 5} ${y - 9}Z` }, shape("title", {}, marker.text)));
      }
    }

    along(curve) {
      let d = "", pen = false;
      curve.values.forEach((value, j) => {
        if (!known(value) || j >= this.spec.days.length) { pen = false; return; }
        const x = this.x(this.spec.days[j]).toFixed(1), y = this.y(value).toFixed(1);
        d += pen ? (curve.steps ? `H${x}V${y}` : `L${x} ${y}`) : `M${x} ${y}`;
        // A point without neighbours is a dot.
        if (!pen && !known(curve.values[j + 1])) d += "h.01";
        pen = true;
      });
      return d || "M0 0";
    }

    // Under the pointer: the values of the nearest bucket.
    follow() {
      const { spec, svg } = this;
      const hair = shape("line", { class: "hover", y1: this.top, y2: this.bottom, visibility: "hidden" });
      svg.append(hair);
      const idle = "Point at the chart for the values of a date.";
      this.readout.textContent = idle;
      svg.addEventListener("pointermove", (event) => {
        const box = svg.getBoundingClientRect();
        const at = ((event.clientX - box.left) / box.width) * this.width;
        let best = 0;
        spec.days.forEach((day, j) => { if (Math.abs(this.x(day) - at) < Math.abs(this.x(spec.days[best]) - at)) best = j; });
        if (!spec.days.length) return;
        const x = this.x(spec.days[best]);
        hair.setAttribute("x1", x);
        hair.setAttribute("x2", x);
        hair.setAttribute("visibility", "visible");
        const values = spec.curves.filter((curve) => known(curve.values[best])).map((curve) => `${curve.name} ${number(curve.values[best], spec.measure)}`);
        const bands = spec.bands.filter((band) => known(band.low[best])).map((band) => `${band.name} ${digits(band.low[best], spec.measure)} to ${digits(band.high[best], spec.measure)}`);
        const out = spec.spans.some(([from, to]) => best >= from && best <= to) ? ["out of stock"] : [];
        this.readout.textContent = [date(spec.days[best]), ...values, ...bands, ...out].join(" \u00b7 ");
      });
      svg.addEventListener("pointerleave", () => { hair.setAttribute("visibility", "hidden"); this.readout.textContent = idle; });
    }
  }

  // The parts of a plot that a reader must tell apart, each with its sample.
  function legend(items) {
    const sample = (item) => shape("svg", { viewBox: "0 0 22 14", "aria-hidden": "true" },
      item.kind === "curve" ? shape("path", { class: `curve ${item.class}`, d: "M1 7H21" })
        : item.kind === "marker" ? shape("path", { class: "marker", d: "M11 12L6 3L16 3Z" })
          : shape("rect", { class: item.class, x: 1, y: 2, width: 20, height: 10 }));
    return element("ul", { class: "legend" }, items.map((item) => element("li", {}, sample(item), item.name)));
  }

  class Details {
    constructor(host) {
      this.host = host;
      this.data = read(host.dataset.details);
      this.word = (code) => report.text(this.data.words, code);
      this.entries = this.data.entries.map(([keys, label, tone, ...rest], index) => {
        const key = keys.map(this.word);
        return { index, key, label: this.word(label), tone, rest, search: [...key, this.word(label)].join(" ").toLowerCase() };
      });
      this.byKey = new Map(this.entries.map((entry) => [JSON.stringify(entry.key), entry]));
      this.range = 52;
      this.query = "";
      this.tone = "all";
      if (!this.entries.length) {
        host.querySelector("[data-picker]").append(element("p", { class: "empty" }, "No entries."));
        return;
      }
      this.build();
      report.openers.push({ keys: this.data.keys, has: (key) => this.byKey.has(JSON.stringify(key)), open: (key) => this.open(key) });
      this.list();
      this.show(this.found[0]);
      let width = this.host.clientWidth;
      addEventListener("resize", () => { if (this.host.clientWidth !== width) { width = this.host.clientWidth; this.show(this.current, false); } });
      // A print of the page keeps the entry on show, drawn for the width of the paper.
      const print = (width) => { this.paper = width; this.show(this.current, false); };
      addEventListener("beforeprint", () => print(PAPER));
      addEventListener("afterprint", () => print(null));
    }

    build() {
      const name = this.data.keys.join(" or ") || "name";
      this.choices = element("ul", { class: "choices", "aria-label": this.data.title || "Entries" });
      this.count = element("p", { class: "count" });
      this.search = element("input", { type: "search", autocomplete: "off", placeholder: `find ${name}`, "aria-label": `Find by ${name}`,
        oninput: (event) => { this.query = event.target.value.trim().toLowerCase(); this.list(); say(this.count.textContent); },
        onkeydown: (event) => {
          if (event.key === "ArrowDown") { event.preventDefault(); this.choices.querySelector("button")?.focus(); }
          if (event.key === "Enter" && this.found.length) this.show(this.found[0]);
        } });
      const tones = [...new Set(this.entries.map((entry) => entry.tone))].sort((a, b) => b - a);
      const names = { all: "all entries", 3: "act: needs a decision", 2: "watch", 1: "good", 0: "the rest" };
      this.filter = tones.length < 2 ? null : element("select", { "aria-label": "Which entries",
        onchange: (event) => { this.tone = ["all", ...tones][event.target.selectedIndex]; this.list(); say(this.count.textContent); } },
      ["all", ...tones].map((tone) => element("option", {}, names[tone])));
      this.choices.addEventListener("keydown", (event) => {
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        const buttons = [...this.choices.querySelectorAll("button")];
        const at = buttons.indexOf(document.activeElement) + step;
        (buttons[at] ?? (at < 0 ? this.search : null))?.focus();
      });
      this.shown = element("div", { class: "shown", tabindex: "-1" });
      this.host.querySelector("[data-picker]").append(element("div", { class: "picker" },
        element("div", { class: "finder" }, this.search, this.filter, this.count, this.choices), this.shown));
    }

    list() {
      this.found = this.entries.filter((entry) => (this.tone === "all" || entry.tone === this.tone)
        && this.query.split(/\s+/).every((word) => entry.search.includes(word)));
      const listed = this.found.slice(0, LISTED);
      this.count.textContent = this.found.length > LISTED
        ? `${this.found.length} found, the first ${LISTED} listed` : `${this.found.length} found`;
      this.choices.replaceChildren(...listed.map((entry) => element("li", {}, element("button", {
        type: "button", "data-index": entry.index, "aria-current": entry === this.current ? "true" : null, onclick: () => this.show(entry),
      }, element("span", { class: "row" },
        element("span", { class: "key" }, entry.key.join(" \u00b7 ")), this.badge(entry.tone)),
      entry.label ? element("span", { class: "sub" }, entry.label) : null))));
    }

    badge(tone) {
      return tone ? element("span", { class: `badge ${TONES[tone]}` }, WORDS[tone]) : null;
    }

    open(key) {
      const entry = this.byKey.get(JSON.stringify(key));
      if (!entry) return;
      this.show(entry);
      this.host.scrollIntoView({ block: "start" });
      this.shown.focus({ preventScroll: true });
    }

    show(entry, announce = true) {
      if (!entry) return;
      this.current = entry;
      for (const button of this.choices.querySelectorAll("button")) {
        if (Number(button.dataset.index) === entry.index) button.setAttribute("aria-current", "true");
        else button.removeAttribute("aria-current");
      }
      const [notes, facts, history, historyOuts, mean, quantiles, stock, stockLow, stockHigh, stockOuts, orders] = entry.rest;
      const told = {
        history: unpack(history), historyOuts, mean: unpack(mean),
        quantiles: quantiles.map(([level, values]) => ({ level, values: unpack(values) })),
        stock: unpack(stock), stockLow: unpack(stockLow), stockHigh: unpack(stockHigh), stockOuts,
        orders: orders.map(([supplier, order, arrival, quantity, reason]) => ({ supplier: this.word(supplier), order, arrival, quantity, reason: this.word(reason) })),
      };
      this.shown.replaceChildren(this.head(entry), ...this.remarks(notes), ...this.facts(facts));
      this.demandPlot(told);
      this.stockPlot(told);
      this.shown.append(this.orderTable(told.orders));
      if (announce) say(`Showing ${entry.key.join(", ")}`);
    }

    head(entry) {
      const at = this.found.indexOf(entry);
      const go = (step, text) => element("button", { class: "button", type: "button", disabled: !this.found[at + step] || at < 0,
        onclick: () => this.show(this.found[at + step]) }, text);
      return element("div", { class: "shown-head" },
        element("div", {}, element("h4", {}, entry.key.join(" \u00b7 "), " ", this.badge(entry.tone)),
          entry.label ? element("p", { class: "note" }, entry.label) : null),
        element("div", { class: "steps" }, go(-1, "Previous"), go(1, "Next")));
    }

    remarks(notes) {
      return notes.length ? [element("ul", { class: "remarks" }, notes.map((note) => element("li", {}, this.word(note))))] : [];
    }

    facts(facts) {
      if (!facts.length) return [];
      return [element("dl", { class: "mini" }, this.data.facts.map((fact, i) => element("div", {},
        element("dt", {}, fact.label), element("dd", {}, number(facts[i], fact.measure)))))];
    }

    // The part of a plot's data that belongs to the horizon, after `before` past buckets.
    ahead(values, before) {
      return [...Array(before).fill(null), ...values];
    }

    place(title, description, items, extra) {
      const plot = element("div", { class: "plot" });
      this.shown.append(element("div", { class: "plot-block" },
        element("div", { class: "plot-head" }, element("h4", {}, title), extra), legend(items), plot));
      return plot;
    }

    demandPlot(told) {
      const { data } = this;
      const kept = Math.min(told.history.length, data.history.length, this.range || Infinity);
      const days = [...data.history.slice(data.history.length - kept), ...data.horizon];
      const past = told.history.slice(told.history.length - kept), offset = data.history.length - kept;
      const spans = [];
      for (let i = 0; i < told.historyOuts.length; i += 2) {
        if (told.historyOuts[i + 1] >= offset) spans.push([Math.max(0, told.historyOuts[i] - offset), told.historyOuts[i + 1] - offset]);
      }
      const bands = [];
      for (let i = 0; i < Math.floor(told.quantiles.length / 2); i++) {
        const [low, high] = [told.quantiles[i], told.quantiles[told.quantiles.length - 1 - i]];
        bands.push({ name: `${Math.round((high.level - low.level) * 100)} % of cases`, low: this.ahead(low.values, kept), high: this.ahead(high.values, kept) });
      }
      const markers = told.orders.filter((order) => known(order.arrival) && order.arrival <= days[days.length - 1] + 6 && order.arrival >= days[0])
        .map((order) => ({ day: order.arrival, text: `${number(order.quantity, data.measure)} arrive ${date(order.arrival)}` }));
      const items = [
        { kind: "curve", class: "observed s0", name: "history" }, { kind: "curve", class: "expected s1", name: "forecast" },
        ...bands.map((band, i) => ({ kind: "area", class: `band b${i}`, name: band.name })),
        ...(spans.length ? [{ kind: "area", class: "span", name: "out of stock" }] : []),
        ...(markers.length ? [{ kind: "marker", name: "order arrives" }] : []),
      ];
      const total = told.mean.filter(known).reduce((sum, value) => sum + value, 0);
      const title = data.demand || "Forecast";
      const description = `${kept} past buckets and a forecast of ${number(total, data.measure)} over ${told.mean.length} buckets.`;
      new Plot(this.place(title, description, items, this.ranges(told.history.length)), {
        title, description, days, unit: data.measure.unit || "", measure: data.measure, spans, bands, markers,
        now: data.horizon[0] ?? null, width: this.paper,
        curves: [{ name: "history", style: "observed s0", values: past }, { name: "forecast", style: "expected s1", values: this.ahead(told.mean, kept) }],
      });
    }

    ranges(length) {
      const choices = [[26, "26"], [52, "52"], [104, "104"], [0, "all"]].filter(([count]) => count === 0 || count < length);
      if (choices.length < 2) return null;
      return element("div", { class: "ranges", role: "group", "aria-label": "Past buckets shown" }, choices.map(([count, text]) =>
        element("button", { class: "button", type: "button", "aria-pressed": String(this.range === count || (count === 0 && this.range >= length)),
          onclick: () => { this.range = count; this.show(this.current, false); } }, text)));
    }

    stockPlot(told) {
      if (!told.stock.some(known)) return;
      const { data } = this, spans = [];
      for (let i = 0; i < told.stockOuts.length; i += 2) spans.push([told.stockOuts[i], told.stockOuts[i + 1]]);
      const bands = told.stockLow.length ? [{ name: "likely range", low: told.stockLow, high: told.stockHigh, steps: true }] : [];
      const first = data.horizon[0], last = data.horizon[data.horizon.length - 1];
      const markers = told.orders.filter((order) => known(order.arrival) && order.arrival >= first && order.arrival <= last + 6)
        .map((order) => ({ day: order.arrival, text: `${number(order.quantity, data.measure)} arrive ${date(order.arrival)}` }));
      const items = [
        { kind: "curve", class: "level s2", name: "projected stock" },
        ...bands.map((band) => ({ kind: "area", class: "band b1", name: band.name })),
        ...(spans.length ? [{ kind: "area", class: "span", name: "stock-out expected" }] : []),
        ...(markers.length ? [{ kind: "marker", name: "order arrives" }] : []),
      ];
      const title = data.stock || "Projected stock";
      const description = spans.length ? "A stock-out is expected." : "No stock-out is expected.";
      new Plot(this.place(title, description, items, null), {
        title, description, days: data.horizon, unit: data.measure.unit || "", measure: data.measure, spans, bands, markers, now: null, width: this.paper,
        curves: [{ name: "stock", style: "level s2", values: told.stock, steps: true }],
      });
    }

    orderTable(orders) {
      if (!orders.length) return element("p", { class: "empty" }, "No orders.");
      const head = (text, right) => element("th", { scope: "col", class: right ? "right" : null }, text);
      const unit = this.data.measure.unit;
      return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Orders" }, element("table", {},
        element("caption", { class: "visually-hidden" }, "Orders"),
        element("thead", {}, element("tr", {}, head("placed", true), head("arrives", true), head(unit ? `quantity (${unit})` : "quantity", true), head("supplier"), head("why this quantity"))),
        element("tbody", {}, orders.map((order) => element("tr", {},
          element("th", { scope: "row", class: "right" }, known(order.order) ? date(order.order) : "open order"),
          element("td", { class: "right" }, date(order.arrival)), element("td", { class: "right" }, digits(order.quantity, this.data.measure)),
          element("td", { class: order.supplier.length > 24 ? null : "short" }, order.supplier), element("td", { class: order.reason.length > 24 ? "long" : "short" }, order.reason))))));
    }
  }

  document.querySelectorAll("[data-details]").forEach((host) => new Details(host));
  report.startTables();
})();
