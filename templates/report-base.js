"use strict";
// What tables and details share: elements, numbers, dates, the page's own tools.
const report = (() => {
  const style = JSON.parse(document.getElementById("style-data").textContent);
  const UNKNOWN = "\u2013", SPACE = "\u00a0", MINUS = "\u2212";
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const DAY = 86400000;
  const known = (value) => typeof value === "number" && Number.isFinite(value);

  // An element: attributes, then children (text is never read as HTML).
  function element(name, attributes, ...children) {
    return fill(document.createElement(name), attributes, children);
  }
  function shape(name, attributes, ...children) {
    return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
  }
  function fill(node, attributes, children) {
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else node.setAttribute(key, value === true ? "" : value);
    }
    node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
    return node;
  }

  function grouped(value, decimals) {
    if (Math.abs(value) >= 1e15) return value.toExponential(2).replace("e+", "e").replaceAll("-", MINUS);
    const plain = Math.abs(value).toFixed(decimals);
    const [whole, fraction] = plain.split(".");
    let text = whole.replace(/\B(?=(\d{3})+$)/g, () => style.thousands);
    if (fraction) text += style.decimal + fraction;
    return (value < 0 && /[1-9]/.test(plain) ? MINUS : "") + text;
  }
  function decimalsOf(value, measure) {
    if (measure.decimals !== null && measure.decimals !== undefined) return Math.min(measure.decimals, 9);
    const size = Math.abs(value), whole = Number.isInteger(value);
    if (measure.kind === "money") return size >= 10000 || whole ? 0 : 2;
    if (whole || size >= 1000) return 0;
    if (measure.kind === "percent") return 1;
    return size >= 10 ? 1 : 2;
  }
  // The number alone, as the cells of a column show it.
  function digits(value, measure) {
    if (!known(value)) return UNKNOWN;
    const scaled = measure.kind === "percent" ? value * 100 : value;
    return grouped(scaled, decimalsOf(scaled, measure));
  }
  // The number with its currency or unit.
  function number(value, measure) {
    if (!known(value)) return UNKNOWN;
    let text = digits(value, measure), sign = "";
    if (text.startsWith(MINUS)) [sign, text] = [MINUS, text.slice(1)];
    if (measure.kind === "percent") return sign + text + SPACE + "%";
    if (measure.kind === "money") {
      if (!style.currency) return sign + text;
      return sign + (style.currency_after ? text + SPACE + style.currency : style.currency + SPACE + text);
    }
    return sign + text + (measure.unit ? SPACE + measure.unit : "");
  }
  function date(day, withYear = true) {
    if (!known(day)) return "";
    const at = new Date(day * DAY);
    const text = at.getUTCDate() + SPACE + MONTHS[at.getUTCMonth()];
    return withYear ? text + SPACE + at.getUTCFullYear() : text;
  }
  const month = (day) => MONTHS[new Date(day * DAY).getUTCMonth()] + SPACE + new Date(day * DAY).getUTCFullYear();
  const iso = (day) => (known(day) ? new Date(day * DAY).toISOString().slice(0, 10) : "");

  // The text of a code: an index, or an index and the digits for the gaps of its text.
  function text(words, code) {
    if (typeof code === "number") return words[code] ?? "";
    const [index, ...runs] = code.split(" ");
    return (words[index] ?? "").split("\u0001").map((part, i) => part + (runs[i] ?? "")).join("");
  }

  function say(text) {
    document.querySelector("[data-status]").textContent = text;
  }
  const read = (id) => JSON.parse(document.getElementById(id + "-data").textContent);

  function themeButton() {
    const root = document.documentElement;
    const dark = () => root.dataset.theme === "dark"
      || (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    const label = () => (dark() ? "Light page" : "Dark page");
    const button = element("button", { class: "button", type: "button", onclick: () => {
      root.dataset.theme = dark() ? "light" : "dark";
      button.textContent = label();
      try { localStorage.setItem("purvey-theme", root.dataset.theme); } catch { /* the choice lasts as long as the page */ }
    } });
    try { const kept = localStorage.getItem("purvey-theme"); if (kept) root.dataset.theme = kept; } catch { /* as the system asks */ }
    button.textContent = label();
    return button;
  }
  document.querySelector("[data-tools]").append(
    themeButton(),
    element("button", { class: "button", type: "button", onclick: () => print() }, "Print"));

  // Opens the entry with this key, if the page holds it; set by the details.
  const openers = [];
  return { style, known, element, shape, digits, number, grouped, date, month, iso, text, say, read, openers };
})();
