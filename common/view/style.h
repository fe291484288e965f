/*
 * style.h - the style sheet of pages and pictures
 * Private to the room. Light and dark by the reader's preference. Text has a
 * contrast of at least 4.5 to 1 with what it stands on, lines and marks one of
 * 3 to 1 (WCAG 2.1, 1.4.3 and 1.4.11).
 */
#ifndef VIEW_STYLE_H
#define VIEW_STYLE_H

#define STYLE_COLOURS                                                          \
	":root{--ink:#1b1f24;--soft:#57606a;--page:#fff;--card:#f6f8fa;"       \
	"--rule:#d0d7de;--load:#0a58ca;--ahead:#a84f00;--band:#f2b97f;"        \
	"--count:#1a7f37;--carry:#8250df;--bad:#b3261e;--good:#1a7f37;"        \
	"--held:#57606a}@media(prefers-color-scheme:dark){:root{"              \
	"--ink:#e6edf3;--soft:#9aa4af;--page:#0d1117;--card:#161b22;"          \
	"--rule:#30363d;--load:#79b8ff;--ahead:#ffab70;--band:#8a5526;"        \
	"--count:#7ee787;--carry:#c297ff;--bad:#ff8a80;--good:#7ee787;"        \
	"--held:#9aa4af}}"

/* lines, bands and marks, within a page or not */
#define STYLE_CHART                                                            \
	".grid{stroke:var(--rule);stroke-width:1}path{fill:none;"              \
	"stroke-width:1.8}path.load{stroke:var(--load)}path.ahead{"            \
	"stroke:var(--ahead);stroke-dasharray:5 3}.band{"                      \
	"fill:var(--band);fill-opacity:.6}path.band{"                          \
	"stroke:var(--ahead);stroke-width:.7}path.paid{"                       \
	"stroke:var(--count);stroke-width:2.2}path.wanted{"                    \
	"stroke:var(--ahead);stroke-dasharray:4 3}path.carry{"                 \
	"stroke:var(--carry)}path.now{stroke:var(--soft);"                     \
	"stroke-dasharray:2 3}path.budget{stroke:var(--bad);"                  \
	"stroke-dasharray:8 4}polygon.up{fill:var(--ahead)}"                   \
	"polygon.down{fill:var(--good)}polygon.urgent,polygon.miss{"           \
	"fill:var(--bad)}polygon.held{fill:var(--held)}"

/* a picture of its own has its text within */
#define STYLE_PICTURE                                                          \
	"svg{font:13px system-ui,sans-serif}.page{fill:var(--page)}"           \
	".tick{fill:var(--soft)}.title{fill:var(--ink);font-size:16px;"        \
	"font-weight:600}"

#define STYLE_PAGE                                                             \
	"*{box-sizing:border-box}html{color-scheme:light dark}body{"           \
	"margin:0 auto;max-width:66rem;padding:1.25rem 1rem 3rem;"             \
	"font:16px/1.5 system-ui,sans-serif;color:var(--ink);"                 \
	"background:var(--page);overflow-wrap:break-word}header{"              \
	"display:flex;flex-wrap:wrap;justify-content:space-between;"           \
	"align-items:baseline;gap:0 1.5rem}header p{margin:0}h1{"              \
	"font-size:1.15rem;margin:0}h2{font-size:1.75rem;"                     \
	"line-height:1.2;margin:0}h3{font-size:1.1rem;margin:0}h4{"            \
	"font-size:.875rem;font-weight:600;color:var(--soft);margin:0}"        \
	".target{border-top:3px solid var(--ink);margin-top:1.25rem;"          \
	"padding-top:1rem}.target+.target{margin-top:3.5rem}.head{"            \
	"display:flex;flex-wrap:wrap;align-items:center;gap:.5rem}.tag{"       \
	"font-size:.8125rem;border:1px solid var(--rule);"                     \
	"border-radius:1rem;padding:.05rem .65rem;color:var(--soft)}"          \
	".tag.on{color:var(--good);border-color:var(--good)}.verdict{"         \
	"font-size:1.25rem;line-height:1.35;font-weight:600;"                  \
	"margin:.75rem 0 .25rem}.why{margin:0 0 1rem;max-width:46rem}"         \
	"nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.35rem "       \
	"1.5rem;padding:0;margin:.75rem 0 0}a{color:var(--load)}"

#define STYLE_CARDS                                                            \
	".cards{display:grid;gap:.75rem;margin:1rem 0;"                        \
	"grid-template-columns:repeat(auto-fit,minmax(min(100%,17rem),"        \
	"1fr))}.card{background:var(--card);border:1px solid "                 \
	"var(--rule);border-radius:8px;padding:.75rem 1rem;min-width:0}"       \
	".big{font-size:2.125rem;line-height:1.2;font-weight:650;"             \
	"margin:.1rem 0 .4rem;font-variant-numeric:tabular-nums}.big "         \
	"small{display:block;font-size:.9375rem;font-weight:400;"              \
	"color:var(--soft)}.card dl{margin:0;display:grid;"                    \
	"grid-template-columns:minmax(8.5rem,1fr) minmax(0,auto);"             \
	"gap:.1rem .75rem;font-size:.9375rem}dt{color:var(--soft)}dd{"         \
	"margin:0;text-align:right;font-variant-numeric:tabular-nums}"         \
	".meter{height:.5rem;border-radius:4px;background:var(--rule);"        \
	"margin:0 0 .5rem;overflow:hidden}.meter i{display:block;"             \
	"height:100%;background:var(--count)}.meter.over i{"                   \
	"background:var(--bad)}.note{border-left:4px solid "                   \
	"var(--ahead);background:var(--card);padding:.6rem .9rem;"             \
	"margin:1rem 0;border-radius:0 6px 6px 0}.note.alarm{"                 \
	"border-color:var(--bad)}.note p{margin:.25rem 0}.bad{"                \
	"color:var(--bad)}.good{color:var(--good)}.soft{"                      \
	"color:var(--soft)}code{background:var(--page);border:1px "            \
	"solid var(--rule);border-radius:4px;padding:.05rem .35rem;"           \
	"font:.9em ui-monospace,monospace;overflow-wrap:anywhere}"             \
	".empty{color:var(--soft);margin:.5rem 0}"

#define STYLE_FIGURES                                                          \
	"figure{margin:1.75rem 0 0}figcaption p{margin:0;"                     \
	"color:var(--soft)}.plot{position:relative;height:15rem;"              \
	"margin:.6rem 1.4rem 2rem 3rem}.plot svg{position:absolute;"           \
	"inset:0;width:100%;height:100%;overflow:visible}.plot path,"          \
	".plot line{vector-effect:non-scaling-stroke}.plot span{"              \
	"position:absolute;line-height:1;font-size:.8125rem;"                  \
	"color:var(--soft);white-space:nowrap;"                                \
	"font-variant-numeric:tabular-nums}.plot .y{right:100%;"               \
	"padding-right:.5rem;transform:translateY(-50%)}.plot .x{"             \
	"top:100%;padding-top:.5rem;transform:translateX(-50%)}.plot "         \
	".mark{width:12px;height:12px;transform:translate(-50%,-50%);"         \
	"background:var(--held)}.legend{list-style:none;display:flex;"         \
	"flex-wrap:wrap;gap:.1rem 1.1rem;padding:0;margin:.4rem 0 0;"          \
	"font-size:.875rem;color:var(--soft)}.legend li{display:flex;"         \
	"align-items:center;gap:.4rem}.legend .unit{font-style:italic}"        \
	".legend i{flex:none;display:inline-block}i.line{width:20px;"          \
	"border-top:3px solid}i.band{width:20px;height:11px;"                  \
	"background:var(--band)}i.mark{width:12px;height:12px}i.load{"         \
	"border-color:var(--load)}i.ahead,i.wanted{"                           \
	"border-top-style:dashed;border-color:var(--ahead)}i.paid{"            \
	"border-color:var(--count)}i.carry{border-color:var(--carry)}"         \
	"i.budget{border-top-style:dashed;border-color:var(--bad)}"            \
	".mark.up{background:var(--ahead);clip-path:polygon(50% 0,100% "       \
	"100%,0 100%)}.mark.down{background:var(--good);"                      \
	"clip-path:polygon(0 0,100% 0,50% 100%)}.mark.urgent{"                 \
	"background:var(--bad);clip-path:polygon(50% 0,100% 50%,50% "          \
	"100%,0 50%)}.mark.miss{background:var(--bad);"                        \
	"border-radius:50%}.plot .mark.miss{width:8px;height:8px}"             \
	".mark.held{background:var(--held)}.plot .mark.held{width:9px;"        \
	"height:9px}"

#define STYLE_TABLES                                                           \
	".scroll{overflow-x:auto}table{border-collapse:collapse;"              \
	"width:100%;font-size:.9375rem;margin:.5rem 0}th,td{"                  \
	"text-align:left;padding:.35rem .6rem .35rem 0;"                       \
	"border-bottom:1px solid var(--rule);vertical-align:top}th{"           \
	"color:var(--soft);font-weight:600;font-size:.8125rem;"                \
	"vertical-align:bottom}td.n,th.n{text-align:right;"                    \
	"font-variant-numeric:tabular-nums}td.n,td.t,td.when{"                 \
	"white-space:nowrap}td.long{width:48%}.bar{width:100%;"                \
	"min-width:4rem}.bar i{display:block;height:.7rem;"                    \
	"background:var(--load);border-radius:2px;min-width:2px;"              \
	"margin-top:.4rem}.ours td{font-weight:600}details{"                   \
	"margin:.75rem 0}summary{cursor:pointer;color:var(--soft)}"            \
	"ul.plain{list-style:none;padding:0;margin:.5rem 0}ul.plain li{"       \
	"padding:.3rem 0;border-bottom:1px solid var(--rule)}.part{"           \
	"margin-top:2rem}@media(max-width:40rem){.minor{display:none}"         \
	"h2{font-size:1.5rem}.plot{height:12rem;margin-left:2.6rem}"           \
	"table.fold thead{position:absolute;width:1px;height:1px;"             \
	"overflow:hidden;clip-path:inset(50%)}table.fold,table.fold "          \
	"tbody,table.fold tr,table.fold td{display:block}table.fold tr{"       \
	"border-bottom:1px solid var(--rule);padding:.5rem 0}"                 \
	"table.fold td{border:0;padding:.1rem 0;display:flex;gap:1rem;"        \
	"justify-content:space-between;text-align:right}table.fold "           \
	"td::before{content:attr(data-label);color:var(--soft);"               \
	"text-align:left;flex:none}table.fold td.long{width:auto;"             \
	"display:block;text-align:left}table.fold td.long::before{"            \
	"content:none}table.fold td.t{display:block;text-align:left;"          \
	"font-weight:600}table.fold td.t::before{content:none}"                \
	"table.fold td.t br{display:none}table.fold td:empty{"                 \
	"display:none}table.fold td.bar{min-width:0}table.fold "               \
	"td.bar::before{content:none}}@media print{"                           \
	".target{break-before:page}}"

#endif
