/*
 * style.h - the style sheet of pages and pictures
 * Private to the room. Light and dark by the reader's preference; the colours
 * have a contrast of at least 4.5 to 1 for text on their background.
 */
#ifndef VIEW_STYLE_H
#define VIEW_STYLE_H

#define STYLE_COLOURS                                                          \
	":root{--ink:#1b1f24;--soft:#57606a;--page:#fff;--card:#f6f8fa;"       \
	"--rule:#d0d7de;--load:#0a58ca;--ahead:#b35900;--band:#f2b97f;"        \
	"--count:#1a7f37;--bad:#b3261e;--good:#1a7f37}"                        \
	"@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;"               \
	"--soft:#9aa4af;--page:#0d1117;--card:#161b22;--rule:#30363d;"         \
	"--load:#79b8ff;--ahead:#ffab70;--band:#7a4a20;--count:#7ee787;"       \
	"--bad:#ff8a80;--good:#7ee787}}"

#define STYLE_CHART                                                            \
	"svg{width:100%;height:auto;display:block;"                            \
	"font:12px system-ui,sans-serif}"                                      \
	".grid{stroke:var(--rule);stroke-width:1}"                             \
	".tick{fill:var(--soft)}"                                              \
	"path{fill:none;stroke-width:1.6}"                                     \
	".load{stroke:var(--load)}.ahead{stroke:var(--ahead);"                 \
	"stroke-dasharray:5 3}.band{fill:var(--band);stroke:none;opacity:.55}" \
	".paid{stroke:var(--count);stroke-width:2}"                            \
	".wanted{stroke:var(--ahead);stroke-dasharray:4 3}"                    \
	".now{stroke:var(--soft);stroke-dasharray:2 3}"                        \
	".up{fill:var(--ahead)}.down{fill:var(--good)}.urgent{fill:var(--bad)" \
	"}"

#define STYLE_PAGE                                                             \
	"*{box-sizing:border-box}body{margin:0 auto;max-width:60rem;"          \
	"padding:1rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);"    \
	"background:var(--page)}h1{font-size:1.4rem}h2{font-size:1.2rem;"      \
	"border-bottom:1px solid var(--rule)}h3{font-size:1rem}"               \
	"dl.facts{display:grid;gap:.6rem;grid-template-columns:"               \
	"repeat(auto-fit,minmax(9.5rem,1fr))}dl.facts div{background:"         \
	"var(--card);border:1px solid var(--rule);border-radius:6px;"          \
	"padding:.5rem .7rem}dt{color:var(--soft);font-size:.85rem}"           \
	"dd{margin:0;font-size:1.15rem;font-weight:600}"                       \
	".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;"   \
	"font-size:.9rem}th,td{text-align:left;padding:.3rem .5rem;"           \
	"border-bottom:1px solid var(--rule);vertical-align:top}"              \
	"td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;"        \
	"white-space:nowrap}.note{border-left:4px solid var(--ahead);"         \
	"background:var(--card);padding:.5rem .8rem}.bad{color:var(--bad)}"    \
	".good{color:var(--good)}.soft{color:var(--soft)}"                     \
	".bar{background:var(--load);height:.6rem;border-radius:3px;"          \
	"min-width:1px}code{background:var(--card);padding:.1rem .3rem;"       \
	"overflow-wrap:anywhere}"

#endif
