"use strict";
(() => {
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const valueOf = (row, column, numeric) => {
    const cell = row.cells[column];
    const text = cell.dataset.value ?? cell.textContent.trim();
    return numeric ? (text === "" ? NaN : Number(text)) : text;
  };

  const sortBy = (table, column, header) => {
    const numeric = header.dataset.sort === "number";
    const before = header.getAttribute("aria-sort");
    const first = numeric ? "descending" : "ascending";
    const next = before ? (before === "ascending" ? "descending" : "ascending") : first;
    const sign = next === "ascending" ? 1 : -1;
    const rows = [...table.tBodies[0].rows].map((row) => ({ row, value: valueOf(row, column, numeric) }));
    rows.sort((one, other) => {
      if (!numeric) return sign * collator.compare(one.value, other.value);
      if (Number.isNaN(one.value) || Number.isNaN(other.value)) {
        return Number.isNaN(one.value) - Number.isNaN(other.value); // what has no number stays last
      }
      return sign * (one.value - other.value);
    });
    table.tBodies[0].append(...rows.map(({ row }) => row));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", next);
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((header, column) => {
      if (!header.dataset.sort) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      button.addEventListener("click", () => sortBy(table, column, header));
      header.append(button);
    });
  }

  const tools = document.getElementById("tools");
  const field = document.getElementById("search");
  const told = document.getElementById("matching");
  if (!tools || !field || !told) return;
  const rows = [...document.querySelectorAll("#class tbody tr")].map((row) => ({ row, text: plain(row.textContent) }));
  const search = () => {
    const words = plain(field.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { row, text } of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    const said = words.length ? told.dataset.some : told.dataset.all;
    told.textContent = said.replace("{shown}", shown).replace("{rows}", rows.length);
  };
  field.addEventListener("input", search);
  window.addEventListener("hashchange", () => {
    if (!document.querySelector("tr:target[hidden]")) return;
    field.value = ""; // a link leads to a row that the search has hidden
    search();
    document.querySelector("tr:target").scrollIntoView();
  });
  tools.hidden = false;
  search();
})();
