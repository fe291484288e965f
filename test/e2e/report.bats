#!/usr/bin/env bats
# as-report(1)'s page in a real Chromium

load ../lib/common

setup() {
	command -v chromium >/dev/null ||
		skip "chromium is not installed: apt-get install chromium"
	cd "$BATS_TEST_TMPDIR" || return
	as-predict --keep --now 2017-01-16T06:00:30Z "$data/web.ndjson" >load
	for h in 00 01 02 03 04 05; do
		jq -cn --arg t "2017-01-16T$h:00:00Z" --argjson n "$((2 + 10#$h % 3))" '
			{ type: "decision", id: $t, plan: $t, time: $t,
			  target: "web", mode: "auto", action: "scale_up",
			  current_instances: 2, recommended_instances: ($n + 1),
			  cost_impact: 50, currency: "USD", approval: "none",
			  reason: "at \($t) the load ahead needs more of them",
			  inputs: [{ signal: "cpu", value: 20, age_s: 0,
				unit: "percent", expected: { value: 22,
				at_most: 30, from_s: 600, to_s: 900 } }] }'
	done >journal
	as-report --format html --now 2017-01-16T06:00:30Z -o page.html \
		load journal
	cat >look.js <<'END'
(() => {
	const seen = e => e.getClientRects().length > 0;
	const all = s => [...document.querySelectorAll(s)].filter(seen);
	const wide = document.documentElement.clientWidth;
	const outside = all("body *").filter(e => !e.closest(".scroll") &&
		!e.closest("svg") && (e.getBoundingClientRect().right > wide + 1 ||
		e.getBoundingClientRect().left < -1)).map(e => e.className);
	const overlaps = [];
	for (const plot of all(".plot"))
		for (const side of [".x", ".y"]) {
			const boxes = [...plot.querySelectorAll(side)].filter(seen)
				.map(e => e.getBoundingClientRect());
			for (const a of boxes) for (const b of boxes)
				if (a !== b && a.left < b.right && b.left < a.right &&
				    a.top < b.bottom && b.top < a.bottom)
					overlaps.push(side);
		}
	const light = c => {
		const [r, g, b] = c.match(/[\d.]+/g).map(x => x / 255)
			.map(x => x <= 0.04045 ? x / 12.92 :
				((x + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const ground = e => {
		for (; e; e = e.parentElement) {
			const c = getComputedStyle(e).backgroundColor;
			if (c !== "rgba(0, 0, 0, 0)") return c;
		}
	};
	const faint = all("p,dt,dd,td,th,h1,h2,h3,h4,li,code,small,summary," +
		".tag,.x,.y").filter(e => {
		const a = light(getComputedStyle(e).color), b = light(ground(e));
		return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
	}).map(e => e.tagName + "." + e.className);
	const plot = document.querySelector(".plot");
	const line = plot.querySelector("path.load").getAttribute("d");
	const ticks = [...plot.querySelectorAll(".y")].map(e =>
		[parseFloat(e.style.top), parseFloat(e.textContent)])
		.sort((a, b) => a[0] - b[0]);
	const [t, b] = [ticks[0], ticks[ticks.length - 1]];
	const values = line.match(/[ML][\d.]+ [\d.]+/g).map(s =>
		t[1] + (s.split(" ")[1] / 4 - t[0]) * (b[1] - t[1]) / (b[0] - t[0]));
	const strokes = ["load", "ahead", "paid"].map(c =>
		getComputedStyle(document.querySelector("path." + c)).stroke);
	return { overflow: document.documentElement.scrollWidth - wide,
		outside, overlaps, faint, values, strokes,
		marks: document.querySelectorAll(".mark.up[title]").length,
		untitled: [...document.querySelectorAll("svg")].filter(s =>
			!s.querySelector("title").textContent ||
			!s.querySelector("desc").textContent).length };
})()
END
	python3 "$root/test/lib/browser.py" page.html look.js \
		390 820 1400 390:dark 1400:dark >seen
}

@test "as-report: the page fits at three widths, legible in light and dark" {
	[ "$(wc -l <seen)" = 5 ]
	run -0 jq -c 'select(.result | .overflow != 0 or .outside != [] or
		.overlaps != [] or .faint != [] or .untitled != 0) |
		[.width, .dark, .result | del(.values)]' seen
	[ "$output" = "" ]
}

@test "as-report: the page asks for nothing, and the console is silent" {
	run -0 jq -c 'select(.errors != [] or
		([.requests[] | select(startswith("file:") | not) |
		select(startswith("data:") | not)] != []))' seen
	[ "$output" = "" ]
}

@test "as-report: the picture shows what the records say" {
	# the last three days, each value to a pixel's exactness
	jq -c 'select(.values and .type == null) | [.values, .timestamps] |
		transpose | .[-1][1] as $newest |
		map(select(.[1] >= $newest - 259200000) | .[0])' load >want
	run -0 jq -n --slurpfile want want --slurpfile seen seen '
		$seen[0].result.values as $v | $want[0] as $w |
		($v | length) == ($w | length) and
		([range($w | length) | $v[.] - $w[.] | fabs] | max) <
			0.003 * ($w | max)'
	[ "$output" = true ]
	# a mark for each of six decisions that differ; colours that differ
	run -0 jq -c 'select(.result.marks != 6 or
		(.result.strokes | unique | length) != 3) |
		[.width, .dark, .result.marks, .result.strokes]' seen
	[ "$output" = "" ]
}
