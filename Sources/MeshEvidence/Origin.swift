public import CaptureFiles
import BluetoothFrames

/// How a PDU travelled, and which way.
public enum Bearer: UInt8, Hashable, Codable, Sendable, CaseIterable {
    /// Advertising, received over the air.
    case advertisingHeard = 0
    /// Advertising, handed to the controller by the host on which the log was taken.
    case advertisingSent
    /// A GATT connection, from the client to the server.
    case gattToServer
    /// A GATT connection, from the server to the client.
    case gattToClient
}

/// The address of a Bluetooth device, 48 bits.
public struct DeviceAddress: Hashable, Comparable, Codable, Sendable {
    /// The octets as people write them, the most significant first.
    public let value: UInt64

    /// `value`: 48 bits; what is above them is dropped.
    public init(_ value: UInt64) {
        self.value = value & 0xFFFF_FFFF_FFFF
    }

    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// Where a statement can be looked up: every number of a report leads to one.
public struct FrameReference: Hashable, Comparable, Codable, Sendable {
    /// Small, since references are kept by the thousand.
    private let file: Int32
    /// Counts from 1 in each file, as Wireshark counts.
    public let number: Int
    /// As the capture gives it, aligned with the other captures.
    public let time: CaptureTime

    /// - Parameters:
    ///   - capture: index among the captures of the analysis.
    ///   - number: counts from 1 in each file.
    ///   - time: of the frame.
    public init(capture: Int, number: Int, time: CaptureTime) {
        file = Int32(clamping: capture)
        self.number = number
        self.time = time
    }

    /// Index among the captures of the analysis.
    public var capture: Int { Int(file) }

    public static func < (left: Self, right: Self) -> Bool {
        (left.time, left.file, left.number) < (right.time, right.file, right.number)
    }
}

/// As a row of numbers, for who keeps many.
extension FrameReference {
    /// File, number, and nanoseconds: `rowWidth` of them.
    public var row: [Int64] { [Int64(file), Int64(number), time.nanoseconds] }

    /// Three.
    public static let rowWidth = 3

    /// `nil` for a row that is none of a frame.
    public init?(row: some Collection<Int64>) {
        let numbers = Array(row)
        guard numbers.count == Self.rowWidth, let capture = Int32(exactly: numbers[0]) else { return nil }
        self.init(capture: Int(capture), number: Int(numbers[1]), time: CaptureTime(nanoseconds: numbers[2]))
    }
}

/// Where a statement comes from: the frame, how it travelled, and who sent it, as far as the frame tells.
///
/// It travels with what was heard, from the frame to the report.
public struct Origin: Hashable, Codable, Sendable {
    /// Where it stands in the captures.
    public let frame: FrameReference
    /// Advertiser, bearer and two flags in one word, since what waits for its key is kept by the thousand.
    private let packed: UInt64

    private static let hasAdvertiser: UInt64 = 1 << 63
    private static let tentative: UInt64 = 1 << 62
    private static let bearerShift: UInt64 = 48

    /// - Parameters:
    ///   - frame: the frame that said it.
    ///   - bearer: how it travelled.
    ///   - advertiser: the device address of the sender; `nil` where the frame does not name it.
    ///   - isCertain: false where the octets may be no mesh PDU at all, so that they count only if a key opens them.
    public init(
        _ frame: FrameReference, bearer: Bearer = .advertisingHeard, advertiser: DeviceAddress? = nil,
        isCertain: Bool = true
    ) {
        self.init(frame, bearer: bearer, address: advertiser?.value, isCertain: isCertain)
    }

    /// `address`: of the advertiser, 48 bits.
    @inline(__always)
    init(_ frame: FrameReference, bearer: Bearer, address: UInt64?, isCertain: Bool) {
        self.frame = frame
        let advertiser = address.map { $0 & 0xFFFF_FFFF_FFFF | Self.hasAdvertiser } ?? 0
        packed = advertiser | (isCertain ? 0 : Self.tentative) | UInt64(bearer.rawValue) << Self.bearerShift
    }

    /// The same origin, in a frame whose time is known better.
    public func at(_ frame: FrameReference) -> Origin { Origin(frame, packed: packed) }

    private init(_ frame: FrameReference, packed: UInt64) {
        self.frame = frame
        self.packed = packed
    }

    /// Of the frame, aligned with the other captures.
    public var time: CaptureTime { frame.time }
    /// How it travelled, and which way.
    public var bearer: Bearer {
        Bearer(rawValue: UInt8(truncatingIfNeeded: packed >> Self.bearerShift) & 3) ?? .advertisingHeard
    }
    /// Who sent it; `nil` where the frame does not name the sender.
    public var advertiser: DeviceAddress? { packed & Self.hasAdvertiser == 0 ? nil : DeviceAddress(packed) }
    /// False where the octets may be no mesh PDU at all, so that they count only if a key opens them.
    public var isCertain: Bool { packed & Self.tentative == 0 }

    private enum CodingKeys: String, CodingKey { case frame, bearer, advertiser, isTentative }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try container.decode(FrameReference.self, forKey: .frame),
            bearer: try container.decode(Bearer.self, forKey: .bearer),
            advertiser: try container.decodeIfPresent(DeviceAddress.self, forKey: .advertiser),
            isCertain: try container.decodeIfPresent(Bool.self, forKey: .isTentative) != true)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(frame, forKey: .frame)
        try container.encode(bearer, forKey: .bearer)
        try container.encodeIfPresent(advertiser, forKey: .advertiser)
        if !isCertain { try container.encode(true, forKey: .isTentative) }
    }
}
