/// The line with which a record of `btmon`'s text begins. What stands before the number in parentheses, or before
/// `flags`, may be cut short to fit the terminal: the handle of data as well.
///
///     > HCI Event: LE Meta Event (0x3e) plen 33                   #22 [hci0] 7.709291
///     < HCI Command: LE Set Adverti.. (0x08|0x0008) plen 32  #27 [hci0] 01:01:02.845511
///     > ACL Data RX: Handle 64 flags 0x02 dlen 30      #33 [hci0] 2026-11-21 01:01:02.845511
///     @ MGMT Event: Mesh Device Found (0x0031) plen 53       {0x0001} [hci0] 4.197538
///     = New Index: 00:AA:01:00:00:00 (Primary,Virtual,hci0)           [hci0] 0.580308
struct BtmonHeading {
    enum Kind: Hashable {
        case command(opcode: UInt16)
        case event(code: UInt8)
        case data(handle: UInt16, isReceived: Bool)
        /// Without an opcode where the text shows the octets only, the opcode first.
        case managementCommand(opcode: UInt16?)
        case managementEvent(opcode: UInt16?)
        case other
    }

    /// Stands for the handles that are cut away; none is so high.
    private static let unknownHandle: UInt16 = 0x0FFF
    /// Each mark of quotation could begin a heading.
    private static let deepestQuotation = 16
    /// Longer than any terminal is wide.
    private static let longest = 1024

    let kind: Kind
    /// Octets of the parameters or of the data.
    let length: Int
    /// Of who opened the socket: the kernel's cookie.
    let cookie: UInt32
    var stamp: BtmonStamp?

    /// The heading that a cleaned line is, behind whatever marks of quotation; `nil` if it is none.
    static func find(in line: ArraySlice<UInt8>) -> BtmonHeading? {
        var rest = line
        var depth = 0
        while let mark = rest.first, depth < deepestQuotation {
            switch mark {
            case UInt8(ascii: "<"), UInt8(ascii: "@"), UInt8(ascii: "="), UInt8(ascii: "*"), UInt8(ascii: "."):
                return BtmonHeading(mark, rest)
            case UInt8(ascii: ">"):
                if rest.count <= longest, let heading = BtmonHeading(mark, rest) { return heading }
                depth += 1
            case UInt8(ascii: " "), UInt8(ascii: "|"): break
            default: return nil
            }
            rest = rest.dropFirst()
        }
        return nil
    }

    private init?(_ mark: UInt8, _ line: ArraySlice<UInt8>) {
        // In a narrow terminal, what is cut away begins at the mark itself: `>...I Event (0x3e) plen 43`, `. New Index …`.
        guard let next = line.dropFirst().first, " .".utf8.contains(next) else { return nil }
        let tokens = line.split(separator: UInt8(ascii: " "))
        stamp = BtmonStamp(tokens)
        cookie = tokens.lazy.compactMap(Self.cookie).first ?? 0
        switch mark {
        case UInt8(ascii: "<"), UInt8(ascii: ">"):
            guard let (kind, length) = Self.packet(tokens, isReceived: mark == UInt8(ascii: ">")) else { return nil }
            self.kind = kind
            self.length = length
        case UInt8(ascii: "@"):
            let management = Self.management(tokens)
            guard management != nil || stamp?.time != nil else { return nil }
            (kind, length) = management ?? (.other, 0)
        case UInt8(ascii: "."):
            guard stamp?.time != nil else { return nil }
            (kind, length) =
                Self.packet(tokens, isReceived: !tokens.contains { $0.contains(UInt8(ascii: "|")) }) ?? (.other, 0)
        default:
            guard stamp?.time != nil else { return nil }
            (kind, length) = (.other, 0)
        }
    }

    /// `… (0x3e) plen 33` and `… Handle 64 flags 0x02 dlen 30`.
    private static func packet(_ tokens: [ArraySlice<UInt8>], isReceived: Bool) -> (Kind, Int)? {
        guard let (place, length) = length(tokens) else { return nil }
        if tokens[place].starts(with: "plen".utf8) {
            guard let code = code(tokens[place - 1]) else { return nil }
            return (isReceived ? .event(code: UInt8(truncatingIfNeeded: code)) : .command(opcode: code), length)
        }
        guard tokens[place - 1].starts(with: "0x".utf8) else { return nil }
        // SCO and ISO data.
        if let first = tokens[1].first, "SI".utf8.contains(first) { return (.other, length) }
        let isReceived = isReceived && !tokens.contains { $0.elementsEqual("TX".utf8) }
        return (.data(handle: handle(tokens) ?? unknownHandle, isReceived: isReceived), length)
    }

    /// The handle, where it was not cut away.
    private static func handle(_ tokens: [ArraySlice<UInt8>]) -> UInt16? {
        guard let name = tokens.firstIndex(where: { $0.elementsEqual("Handle".utf8) }), name + 1 < tokens.count,
            let (handle, rest) = BtmonLine.decimal(tokens[name + 1]), rest.isEmpty, handle < unknownHandle
        else { return nil }
        return UInt16(handle)
    }

    /// `@ MGMT Command: … (0x0059) plen 50`, and `@ Control Event: 0xffff` where nothing tells what the octets are.
    private static func management(_ tokens: [ArraySlice<UInt8>]) -> (Kind, Int)? {
        guard tokens.count > 3 else { return nil }
        let isCommand = tokens[2].starts(with: "Co".utf8)
        guard isCommand || tokens[2].starts(with: "Ev".utf8) else { return nil }
        if tokens[1].elementsEqual("Control".utf8) {
            return (isCommand ? .managementCommand(opcode: nil) : .managementEvent(opcode: nil), 0)
        }
        guard tokens[1].elementsEqual("MGMT".utf8), let (place, length) = length(tokens),
            let opcode = code(tokens[place - 1])
        else { return nil }
        return (isCommand ? .managementCommand(opcode: opcode) : .managementEvent(opcode: opcode), length)
    }

    /// The place of `plen` or `dlen`, behind at least two other words, and the number behind it.
    private static func length(_ tokens: [ArraySlice<UInt8>]) -> (place: Int, length: Int)? {
        guard
            let place = tokens.lastIndex(where: { $0.elementsEqual("plen".utf8) || $0.elementsEqual("dlen".utf8) }),
            place >= 2, place + 1 < tokens.count, let length = BtmonLine.decimal(tokens[place + 1])?.number,
            length <= 0xFFFF
        else { return nil }
        return (place, length)
    }

    /// `(0x3e)` as it is, `(0x08|0x0008)` as the opcode that it is.
    private static func code(_ token: ArraySlice<UInt8>) -> UInt16? {
        guard token.first == UInt8(ascii: "("), token.last == UInt8(ascii: ")") else { return nil }
        let numbers = token.dropFirst().dropLast().split(separator: UInt8(ascii: "|")).map { number in
            number.starts(with: "0x".utf8) ? BtmonLine.hexadecimal(number.dropFirst(2)) : nil
        }
        guard let first = numbers.first, let value = first, value <= 0xFFFF else { return nil }
        guard numbers.count == 2, let last = numbers[1] else { return numbers.count == 1 ? UInt16(value) : nil }
        guard value <= 0x3F, last <= 0x3FF else { return nil }
        return UInt16(value << 10 | last)
    }

    /// `{0x0001}`
    private static func cookie(_ token: ArraySlice<UInt8>) -> UInt32? {
        guard token.starts(with: "{0x".utf8), let value = BtmonLine.hexadecimal(token.dropFirst(3)) else { return nil }
        return UInt32(exactly: value)
    }
}
