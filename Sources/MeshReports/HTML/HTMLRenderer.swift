public import MeshVerdict
import MeshTimelines
import Mustache

/// Renders a document as one HTML file: complete without scripts, and without a request to anywhere.
///
/// What is escaped, the templates escape: every text of a document reaches the page through them.
public struct HTMLRenderer {
    typealias Context = [String: Any]

    private let charts: Charts?

    /// The whole document; the same document gives the same bytes.
    ///
    /// `analysis`: what the document says, for its drawings; without one there are none.
    ///
    /// - Throws: an error of the templates, which are part of the program.
    public static func render(_ document: ReportDocument, of analysis: Analysis? = nil) throws -> String {
        let renderer = HTMLRenderer(charts: analysis.map { Charts(analysis: $0) })
        return try HTMLTemplates().page(renderer.page(document))
    }

    private func page(_ document: ReportDocument) -> Context {
        var sections = document.sections.map(section)
        if let title = document.title {
            sections.insert(["heading": [["isTitle": true, "runs": runs(title)]], "blocks": [Context]()], at: 0)
        }
        return ["pageTitle": Self.pageTitle(document), "style": HTMLStyle.sheet, "sections": sections]
    }

    private static func pageTitle(_ document: ReportDocument) -> String {
        if let title = document.title { return title.text }
        for case .headline(let prose, _) in document.sections.flatMap(\.blocks) { return prose.text }
        return "meshscope"
    }

    private func section(_ section: ReportDocument.Section) -> Context {
        let heading: [Context] = section.title.map { [["isTitle": false, "runs": runs($0)]] } ?? []
        return ["heading": heading, "blocks": section.blocks.compactMap(block)]
    }

    // MARK: Blocks

    /// A block under the name of its template; `nil` for one that a page does not show.
    private func block(_ block: ReportDocument.Block) -> Context? {
        switch block {
        case .headline(let prose, let tone):
            [
                "headline": ["tone": tone.rawValue, "runs": runs(prose)]
                    as Context
            ]
        case .paragraph(let prose, depth: _): prose.isEmpty ? nil : ["paragraph": ["runs": runs(prose)] as Context]
        case .values(let values): ["values": ["items": values.map(value)] as Context]
        case .terms(let terms):
            terms.isEmpty
                ? nil
                : [
                    "terms": ["items": terms.map { ["number": "+ \($0.value)", "runs": runs($0.reason)] as Context }]
                        as Context
                ]
        case .list(let list):
            list.items.isEmpty
                ? nil : [list.style == .numbered ? "steps" : "list": ["items": list.items.map(item)] as Context]
        case .table(let table): ["table": self.table(table)]
        case .callout(let callout):
            [
                "callout": [
                    "severity": callout.severity.rawValue, "labelRuns": runs(callout.label), "runs": runs(callout.text),
                ] as Context
            ]
        case .findings(let rows): ["findings": ["items": rows.map(finding)] as Context]
        case .excerpt(let blocks): ["excerpt": ["blocks": blocks.compactMap(self.block)] as Context]
        case .chart(let chart): charts?.drawing(chart).map(figure)
        case .pause: nil
        }
    }

    private func value(_ value: ReportDocument.Value) -> Context {
        [
            "nameRuns": runs(value.name), "number": value.hexadecimal,
            "decimal": value.decimal.map { ["text": "\($0)"] }.map { [$0] } ?? [],
            "note": value.note.map { [["runs": runs($0)] as Context] } ?? [],
        ]
    }

    private func item(_ item: ReportDocument.List.Item) -> Context {
        ["runs": runs(item.text), "details": item.details.map { ["runs": runs($0)] as Context }]
    }

    private func finding(_ row: ReportDocument.FindingRow) -> Context {
        [
            "severity": row.severity.rawValue, "labelRuns": runs(row.label), "runs": runs(row.text),
            "explanationRuns": runs(row.explanation),
        ]
    }

    private func table(_ table: ReportDocument.Table) -> Context {
        [
            "label": table.columns.map(\.title.text).joined(separator: ", "),
            "columns": table.columns.map { ["isRight": $0.alignment == .right, "runs": runs($0.title)] as Context },
            "rows": table.rows.map { row in
                [
                    "cells": zip(table.columns, row).map {
                        ["isRight": $0.alignment == .right, "runs": runs($1)] as Context
                    }
                ] as Context
            },
        ]
    }

    // MARK: Drawings

    private func figure(_ drawing: Drawing) -> Context {
        let figure: Context = [
            "titleRuns": runs(drawing.title), "title": drawing.title.text, "summary": drawing.summary.text,
            "summaryRuns": runs(drawing.summary),
            "width": Self.text(Drawing.width), "height": Self.text(drawing.height), "shapes": drawing.shapes.map(shape),
            "legend": drawing.legend.map { ["style": $0.style.rawValue, "runs": runs($0.meaning)] as Context },
            "table": table(drawing.table),
        ]
        return [drawing.isFolded ? "foldedFigure" : "openFigure": figure]
    }

    private func shape(_ shape: Drawing.Shape) -> Context {
        let tip: [Context] = shape.title.map { [["text": $0.text]] } ?? []
        let common: Context = [
            "style": shape.style.rawValue, "tip": tip,
            "data": shape.data.map { ["key": $0.name.replacing("_", with: "-"), "value": $0.value] as Context },
        ]
        func with(_ name: String, _ numbers: [String: Double], _ more: Context = [:]) -> Context {
            [name: common.merging(numbers.mapValues(Self.text)) { $1 }.merging(more) { $1 }]
        }
        switch shape.form {
        case .line(let x1, let y1, let x2, let y2): return with("line", ["x1": x1, "y1": y1, "x2": x2, "y2": y2])
        case .rectangle(let x, let y, let width, let height):
            return with("rectangle", ["x": x, "y": y, "w": width, "h": height])
        case .circle(let x, let y, let radius): return with("circle", ["x": x, "y": y, "r": radius])
        case .path(let points):
            return with(
                "polyline", [:],
                ["points": points.map { "\(Self.text($0.x)),\(Self.text($0.y))" }.joined(separator: " ")])
        case .text(let x, let y, let anchor, let prose):
            return with("label", ["x": x, "y": y], ["anchor": anchor.rawValue, "text": prose.text])
        }
    }

    /// With one decimal at most, and a point whatever the locale.
    private static func text(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        let whole = "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10)"
        return tenths % 10 == 0 ? whole : "\(whole).\(abs(tenths) % 10)"
    }

    private func runs(_ prose: Prose) -> [Context] {
        prose.runs.map { run in
            switch run {
            case .plain(let text): ["plain": text]
            case .strong(let text): ["strong": text]
            case .code(let text): ["code": text]
            case .time(let text, _): ["plain": text]
            case .lineBreak: ["plain": " "]
            }
        }
    }
}
