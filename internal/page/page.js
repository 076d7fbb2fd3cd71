
"use strict";
// Sorting, within the groups, and filtering of the table of modules, and folded parts in print.
// Without this script the page holds the same, in one order.
(function () {
	var table = document.getElementById("table");
	if (table) {
		sortable(table);
		filterable(table);
	}

	var folded = [];
	addEventListener("beforeprint", function () {
		folded = Array.from(document.querySelectorAll("details:not([open])"));
		folded.forEach(function (d) { d.open = true; });
	});
	addEventListener("afterprint", function () {
		folded.forEach(function (d) { d.open = false; });
	});

	function sortable(table) {
		var heads = Array.from(table.tHead.rows[0].cells);
		var order = new Intl.Collator("en", { numeric: true });
		heads.forEach(function (head, column) {
			var button = document.createElement("button");
			button.type = "button";
			button.textContent = head.textContent;
			head.replaceChildren(button);
			button.addEventListener("click", function () {
				var down = head.getAttribute("aria-sort") === "ascending";
				heads.forEach(function (h) { h.removeAttribute("aria-sort"); });
				head.setAttribute("aria-sort", down ? "descending" : "ascending");
				Array.from(table.tBodies).forEach(function (body) {
					var rows = Array.from(body.querySelectorAll(".row"));
					rows.sort(function (a, b) {
						var d = order.compare(a.cells[column].textContent, b.cells[column].textContent);
						return down ? -d : d;
					});
					rows.forEach(function (row) { body.append(row); });
				});
			});
		});
	}

	function filterable(table) {
		var rows = Array.from(table.querySelectorAll(".row"));
		var text = document.getElementById("text");
		var group = document.getElementById("group");
		var shown = document.getElementById("shown");
		document.querySelector(".filter").hidden = false;
		function filter() {
			var words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
			var n = 0;
			rows.forEach(function (row) {
				var all = row.textContent.toLowerCase();
				row.hidden = !words.every(function (w) { return all.includes(w); }) ||
					group.value !== "" && row.parentNode.dataset.group !== group.value;
				n += row.hidden ? 0 : 1;
			});
			Array.from(table.tBodies).forEach(function (body) {
				body.hidden = !body.querySelector(".row:not([hidden])");
			});
			shown.textContent = n + " of " + rows.length;
		}
		text.addEventListener("input", filter);
		group.addEventListener("change", filter);
		filter();
	}
})();
