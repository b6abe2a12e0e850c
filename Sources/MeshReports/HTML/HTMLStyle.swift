/// How a page looks: light and dark, on a phone and on paper. Colours are of Okabe and Ito's palette, which colour-blind eyes tell apart
/// (M. Okabe, K. Ito, "Color Universal Design"), and none of them says anything alone.
enum HTMLStyle {
    static let sheet = """
        :root{color-scheme:light dark;--ink:#1b1f24;--dim:#4a525c;--paper:#fff;--sheet:#f4f6f8;--rule:#c6ccd3;--good:#00634a;--bad:#a8320b;--care:#7a4d00;--blue:#0072b2;--sky:#56b4e9;--orange:#e69f00;--green:#009e73;--red:#d55e00;--pink:#cc79a7;--yellow:#f0e442}
        @media (prefers-color-scheme:dark){:root{--ink:#e8ebee;--dim:#b4bcc5;--paper:#15181c;--sheet:#1f242a;--rule:#48515b;--good:#5fd9b0;--bad:#ff9d72;--care:#f3c05a;--blue:#56b4e9;--sky:#3c7fa8}}
        *{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;overflow-wrap:anywhere}
        main{max-width:62rem;margin:0 auto;padding:1rem 1.2rem 3rem}
        h1{font-size:1.45rem;line-height:1.3;margin:.8rem 0;padding:.6rem .9rem;border-left:.45rem solid var(--rule);background:var(--sheet)}
        h1.good{border-color:var(--good)}h1.alarm{border-color:var(--bad)}h1.caution{border-color:var(--care)}
        h2{font-size:1.2rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--rule)}h3{font-size:1rem;margin:1.4rem 0 .4rem}
        code{font:.92em/1.4 ui-monospace,"DejaVu Sans Mono",monospace;background:var(--sheet);padding:0 .2em}
        .values{display:flex;flex-wrap:wrap;gap:.6rem;margin:1rem 0}.values div{border:1px solid var(--rule);padding:.4rem .9rem;background:var(--sheet)}
        .values dt{color:var(--dim);font-size:.9rem}.values dd{margin:0;font-size:1.1rem}.values b,td,.terms b{font-variant-numeric:tabular-nums}
        .callout{border-left:.45rem solid var(--rule);padding:.4rem .9rem;background:var(--sheet)}.callout.critical{border-color:var(--bad)}.callout.warning{border-color:var(--care)}
        .callout.critical b,.findings .critical b{color:var(--bad)}.callout.warning b,.findings .warning b{color:var(--care)}
        .findings,.legend,.terms{list-style:none;padding-left:0}.findings summary{cursor:pointer}.findings p{margin:.3rem 0 .8rem 1.2rem}
        .detail{color:var(--dim)}.excerpt{border-left:2px solid var(--rule);padding-left:.9rem}
        .scroll{overflow-x:auto;max-width:100%}.scroll:focus-visible{outline:2px solid var(--blue)}
        table{border-collapse:collapse;font-size:.9rem;margin:.5rem 0}th,td{padding:.15rem .6rem;border-bottom:1px solid var(--rule);text-align:left;white-space:nowrap;max-width:34rem;overflow-wrap:anywhere}
        th{color:var(--dim);font-weight:600}.right{text-align:right}td:last-child{white-space:normal}
        figure{margin:.4rem 0 1.4rem}figure svg[role=img]{display:block;width:100%;min-width:34rem;height:auto}figcaption{color:var(--dim);font-size:.92rem}
        .legend{font-size:.88rem;color:var(--dim);margin:.3rem 0}.legend li{display:flex;gap:.5rem;align-items:baseline}.legend svg{flex:none}
        details.fold>summary,figure details>summary{cursor:pointer;color:var(--ink);padding:.2rem 0}
        .patterns{position:absolute}.hatching{stroke:var(--dim);stroke-width:2}
        svg text{font:12.5px system-ui,"DejaVu Sans",sans-serif;fill:var(--ink)}
        .grid{stroke:var(--rule);stroke-width:1}line.axis{stroke:var(--ink);stroke-width:1.5}
        rect.evidence{fill:var(--blue);stroke:var(--ink)}rect.unheard{fill:url(#hatch);stroke:var(--dim);stroke-dasharray:4 3}
        rect.band{fill:var(--orange);stroke:none}line.limit{stroke:var(--red);stroke-width:2;stroke-dasharray:6 4}rect.limit{fill:none;stroke:var(--red);stroke-width:2;stroke-dasharray:6 4}
        circle.mark,rect.mark{fill:var(--blue)}line.mark{stroke:var(--blue);stroke-width:1.5}circle.second,rect.second{fill:var(--pink)}
        polyline.line{fill:none;stroke:var(--blue);stroke-width:1;opacity:.7}line.line{stroke:var(--blue);stroke-width:3}rect.line{fill:var(--blue)}
        circle.replay,rect.replay{fill:none;stroke:var(--red);stroke-width:2}line.jump{stroke:var(--orange);stroke-width:4}rect.jump{fill:var(--orange)}
        line.restart{stroke:var(--red);stroke-width:2.5;stroke-dasharray:7 4}rect.restart{fill:none;stroke:var(--red);stroke-width:2;stroke-dasharray:7 4}
        line.recommended{stroke:var(--green);stroke-width:3}
        rect.heard0{fill:url(#hatch);stroke:var(--dim)}rect.heard1{fill:var(--yellow);stroke:var(--dim)}rect.heard2{fill:var(--sky);stroke:var(--dim)}rect.heard3{fill:var(--blue);stroke:var(--dim)}
        rect.term0{fill:var(--blue)}rect.term1{fill:var(--orange)}rect.term2{fill:var(--green)}rect.term3{fill:var(--pink)}rect.term4{fill:var(--sky)}rect.term5{fill:var(--yellow)}
        rect[class^=term]{stroke:var(--paper);stroke-width:1}
        @media print{body{font-size:11pt}main{max-width:none;padding:0}details::details-content{content-visibility:visible;display:block}.scroll{overflow:visible}figure,tr,.callout{break-inside:avoid}figure svg[role=img]{min-width:0}table{font-size:8pt}}
        """
}
