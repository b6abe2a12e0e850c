import Foundation

/// Where in a file JSON ceases to be JSON.
enum JSONPlace {
    /// Such as `look at line 2, column 17`; `nil` where nothing tells it.
    static func ofError(in data: Data) -> String? {
        do {
            _ = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
            return nil
        } catch {
            let text = (error as NSError).userInfo[NSDebugDescriptionErrorKey] as? String ?? ""
            guard let digits = text.split(whereSeparator: { !$0.isASCII || !$0.isNumber }).last,
                let offset = Int(digits),
                offset <= data.count
            else { return text.contains("end of file") ? "it ends before all that was begun is closed" : nil }
            let before = data.prefix(offset)
            let line = before.count { $0 == UInt8(ascii: "\n") } + 1
            let column =
                before.count - (before.lastIndex(of: UInt8(ascii: "\n")).map { $0 - before.startIndex + 1 } ?? 0) + 1
            return "look at line \(line), column \(column)"
        }
    }
}
