import Mustache

/// The templates of a page. What stands between two braces is escaped by the library; three are for the style sheet alone.
struct HTMLTemplates {
    private var library = MustacheLibrary()

    /// - Throws: where a template cannot be read, which no input changes.
    init() throws {
        for (name, text) in Self.templates { try library.register(text, named: name) }
    }

    func page(_ context: HTMLRenderer.Context) -> String {
        (library.render(context, withTemplate: "page") ?? "") + "\n"
    }

    private static let templates: [String: String] = [
        "page": """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <meta name="color-scheme" content="light dark">
        <title>{{pageTitle}}</title>
        <style>{{{style}}}</style>
        </head>
        <body>
        <svg class="patterns" width="0" height="0" aria-hidden="true"><defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line x1="0" y1="0" x2="0" y2="7" class="hatching"/></pattern></defs></svg>
        <main>
        {{#sections}}<section>{{#heading}}{{#isTitle}}<h1>{{>runs}}</h1>{{/isTitle}}{{^isTitle}}<h2>{{>runs}}</h2>{{/isTitle}}{{/heading}}{{#blocks}}{{>block}}{{/blocks}}</section>
        {{/sections}}</main>
        </body>
        </html>
        """,
        "runs": "{{#runs}}{{>run}}{{/runs}}",
        "run": "{{plain}}{{#strong}}<strong>{{.}}</strong>{{/strong}}{{#code}}<code>{{.}}</code>{{/code}}",
        "block": """
        {{#headline}}<h1 class="{{tone}}">{{>runs}}</h1>{{/headline}}\
        {{#paragraph}}<p>{{>runs}}</p>{{/paragraph}}\
        {{#values}}<dl class="values">{{#items}}<div><dt>{{#nameRuns}}{{>run}}{{/nameRuns}}</dt><dd><b>{{number}}</b>{{#decimal}} ({{text}}){{/decimal}}{{#note}} ({{>runs}}){{/note}}</dd></div>{{/items}}</dl>{{/values}}\
        {{#terms}}<ul class="terms">{{#items}}<li><b>{{number}}</b> {{>runs}}</li>{{/items}}</ul>{{/terms}}\
        {{#steps}}<ol>{{#items}}{{>item}}{{/items}}</ol>{{/steps}}{{#list}}<ul>{{#items}}{{>item}}{{/items}}</ul>{{/list}}\
        {{#table}}{{>table}}{{/table}}\
        {{#callout}}<p class="callout {{severity}}"><b>{{#labelRuns}}{{>run}}{{/labelRuns}}:</b> {{>runs}}</p>{{/callout}}\
        {{#findings}}<ul class="findings">{{#items}}<li class="{{severity}}"><details><summary><b>{{#labelRuns}}{{>run}}{{/labelRuns}}</b> {{>runs}}</summary><p>{{#explanationRuns}}{{>run}}{{/explanationRuns}}</p></details></li>{{/items}}</ul>{{/findings}}\
        {{#excerpt}}<div class="excerpt">{{#blocks}}{{>block}}{{/blocks}}</div>{{/excerpt}}\
        {{#openFigure}}<h3>{{#titleRuns}}{{>run}}{{/titleRuns}}</h3>{{>figure}}{{/openFigure}}\
        {{#foldedFigure}}<details class="fold"><summary>{{#titleRuns}}{{>run}}{{/titleRuns}}</summary>{{>figure}}</details>{{/foldedFigure}}

        """,
        "item": "<li>{{>runs}}{{#details}}<br><span class=\"detail\">{{>runs}}</span>{{/details}}</li>",
        "table": """
        <div class="scroll" tabindex="0" role="group" aria-label="{{label}}"><table><thead><tr>{{#columns}}<th scope="col"{{>side}}>{{>runs}}</th>{{/columns}}</tr></thead><tbody>
        {{#rows}}<tr>{{#cells}}<td{{>side}}>{{>runs}}</td>{{/cells}}</tr>
        {{/rows}}</tbody></table></div>
        """,
        "figure": """
        <figure><div class="scroll" tabindex="0" role="group" aria-label="{{title}}"><svg viewBox="0 0 {{width}} {{height}}" role="img" aria-label="{{title}}. {{summary}}">
        {{#shapes}}{{>shape}}{{/shapes}}</svg></div><figcaption>{{#summaryRuns}}{{>run}}{{/summaryRuns}}</figcaption>\
        <ul class="legend">{{#legend}}<li><svg width="26" height="14" viewBox="0 0 26 14" aria-hidden="true"><rect class="{{style}}" x="1" y="2" width="24" height="10"/></svg> {{>runs}}</li>{{/legend}}</ul>\
        <details><summary>The numbers</summary>{{#table}}{{>table}}{{/table}}</details></figure>
        """,
        "shape": """
        {{#line}}<line class="{{style}}" x1="{{x1}}" y1="{{y1}}" x2="{{x2}}" y2="{{y2}}"{{>data}}>{{>tip}}</line>{{/line}}\
        {{#rectangle}}<rect class="{{style}}" x="{{x}}" y="{{y}}" width="{{w}}" height="{{h}}"{{>data}}>{{>tip}}</rect>{{/rectangle}}\
        {{#circle}}<circle class="{{style}}" cx="{{x}}" cy="{{y}}" r="{{r}}"{{>data}}>{{>tip}}</circle>{{/circle}}\
        {{#polyline}}<polyline class="{{style}}" points="{{points}}"/>{{/polyline}}\
        {{#label}}<text class="{{style}}" x="{{x}}" y="{{y}}" text-anchor="{{anchor}}">{{text}}</text>{{/label}}

        """,
        "data": "{{#data}} data-{{key}}=\"{{value}}\"{{/data}}",
        "side": "{{#isRight}} class=\"right\"{{/isRight}}",
        "tip": "{{#tip}}<title>{{text}}</title>{{/tip}}",
    ]
}
