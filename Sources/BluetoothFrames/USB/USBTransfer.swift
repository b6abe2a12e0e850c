import ByteParsing

/// What a capture of a USB bus says of a transfer beside its data.
///
/// Each transfer stands in the capture twice: when the host submits it, and when it completes. Data to the device is that of the
/// submission, data from the device that of the completion.
struct USBTransfer {
    enum Kind: UInt8 { case isochronous, interrupt, control, bulk }

    /// A device, until it is unplugged.
    struct Device: Hashable {
        var bus: UInt16
        var address: UInt16

        /// A number that tells its connections from those of other adapters.
        var adapter: UInt16 { bus << 8 | address & 0x00FF }
    }

    let device: Device
    /// Its number, with bit 7 where it is one to the host.
    let endpoint: UInt8
    /// `nil` for records that are of no transfer.
    let kind: Kind?
    /// To the host; else to the device.
    let isReceived: Bool
    /// The request of a control transfer, where the record holds it.
    var setup: USBSetup?
    /// Octets of data in the record; 0 where it holds what its direction does not carry.
    let length: Int
    /// The capture holds only the beginning of the data.
    let isCut: Bool
}

/// The request that begins a control transfer: Universal Serial Bus Specification, "USB Device Requests".
///
///     request type 1 · request 1 · value 2 · index 2 · length 2
struct USBSetup {
    let type: UInt8
    let request: UInt8
    let value: UInt16
    let index: UInt16
    let length: UInt16

    init(parsing reader: inout ByteReader) throws(ParseError) {
        type = try reader.readUInt8()
        request = try reader.readUInt8()
        value = try reader.readUInt16LittleEndian()
        index = try reader.readUInt16LittleEndian()
        length = try reader.readUInt16LittleEndian()
    }

    /// Bluetooth Core, "USB transport layer": a class request to the device; 0xE0 is what older hosts say.
    var isHCICommand: Bool { type == 0x20 && (request == 0x00 || request == 0xE0) && value == 0 && index == 0 }
}

// MARK: usbmon

/// The header of Linux's usbmon, in the byte order of the host that captured.
///
///     URB 8 · event 1 · transfer type 1 · endpoint 1 · device 1 · bus 2 · setup flag 1 · data flag 1 · seconds 8 ·
///     microseconds 4 · status 4 · length of the URB 4 · length of data 4 · setup 8
///     then, where the header has 64 octets: interval 4 · start frame 4 · flags 4 · number of isochronous descriptors 4
///
/// Events: S submission, C completion, E failed submission. The flags are 0 where there is a setup, or data.
private struct UsbmonHeader {
    let event: UInt8
    let type: UInt8
    let endpoint: UInt8
    let device: UInt8
    let bus: UInt16
    let hasSetup: Bool
    let hasData: Bool
    let seconds: UInt64
    let microseconds: UInt64
    let status: UInt64
    let urbLength: Int
    let length: Int

    init(parsing reader: inout ByteReader, isBigEndian: Bool) throws(ParseError) {
        try reader.skip(8)
        event = try reader.readUInt8()
        type = try reader.readUInt8()
        endpoint = try reader.readUInt8()
        device = try reader.readUInt8()
        bus = UInt16(truncatingIfNeeded: try Self.number(&reader, 2, isBigEndian))
        hasSetup = try reader.readUInt8() == 0
        hasData = try reader.readUInt8() == 0
        seconds = try Self.number(&reader, 8, isBigEndian)
        microseconds = try Self.number(&reader, 4, isBigEndian)
        status = try Self.number(&reader, 4, isBigEndian)
        urbLength = Int(try Self.number(&reader, 4, isBigEndian))
        length = Int(try Self.number(&reader, 4, isBigEndian))
    }

    @inline(__always)
    private static func number(_ reader: inout ByteReader, _ count: Int, _ isBigEndian: Bool) throws(ParseError)
        -> UInt64
    {
        isBigEndian ? try reader.readBigEndian(count) : try reader.readLittleEndian(count)
    }

    /// Read in the wrong byte order, a time is beyond all years, or bus 1 is bus 256; Linux has at most 64.
    var isPlausible: Bool { seconds < 1 << 40 && microseconds < 1_000_000 && bus < 1 << 8 }
}

extension USBTransfer {
    /// Linux hosts have either byte order, and pcapng does not say whose the header is in: the header must make sense.
    init(usbmon reader: inout ByteReader, isMapped: Bool, isCut: Bool) throws(ParseError) {
        let start = reader.offset
        var other = reader
        var header = try UsbmonHeader(parsing: &reader, isBigEndian: false)
        if !header.isPlausible { header = try UsbmonHeader(parsing: &other, isBigEndian: true) }
        guard header.isPlausible else { throw ParseError(.invalidValue(header.microseconds), at: start + 24) }
        let setup = try USBSetup(parsing: &reader)
        if isMapped { try reader.skip(16) }
        kind = Kind(rawValue: header.type)
        device = Device(bus: header.bus, address: UInt16(header.device))
        endpoint = header.endpoint
        let isSubmission = header.event == UInt8(ascii: "S")
        isReceived = header.endpoint & 0x80 != 0
        self.setup = isSubmission && header.hasSetup && kind == .control ? setup : nil
        let isCarried = isReceived ? header.event == UInt8(ascii: "C") && header.status == 0 : isSubmission
        guard isCarried, header.hasData, kind != .isochronous else {
            (length, self.isCut) = (0, false)
            return
        }
        guard header.length <= reader.remaining || isCut else {
            throw ParseError(.lengthBeyondEnd(length: header.length, available: reader.remaining), at: start + 36)
        }
        length = min(header.length, reader.remaining)
        self.isCut = length < header.urbLength
    }
}

// MARK: USBPcap

extension USBTransfer {
    /// The header of USBPcap for Windows, little-endian.
    ///
    ///     header length 2 · IRP 8 · status 4 · function 2 · info 1 · bus 2 · device 2 · endpoint 1 · transfer type 1 ·
    ///     length of data 4 · control transfers: stage 1 · others: more
    ///
    /// Bit 0 of the info: from the device to the host. Stages: 0 setup, of which data to the device is part since
    /// version 1.3; 1 data; 2 status; 3 completion.
    init(usbPcap reader: inout ByteReader, isCut: Bool) throws(ParseError) {
        let start = reader.offset
        let headerLength = Int(try reader.readUInt16LittleEndian())
        guard headerLength >= 27 else { throw ParseError(.invalidLength(headerLength), at: start) }
        try reader.skip(8)
        let status = try reader.readUInt32LittleEndian()
        try reader.skip(2)
        let info = try reader.readUInt8()
        let bus = try reader.readUInt16LittleEndian()
        device = Device(bus: bus, address: try reader.readUInt16LittleEndian())
        endpoint = try reader.readUInt8()
        kind = Kind(rawValue: try reader.readUInt8())
        let announced = Int(try reader.readUInt32LittleEndian())
        let isSetup = kind == .control && headerLength > 27 ? try reader.peek() == 0 : false
        try reader.skip(headerLength - 27)
        isReceived = info & 1 != 0
        guard announced <= reader.remaining || isCut else {
            throw ParseError(.lengthBeyondEnd(length: announced, available: reader.remaining), at: start + 23)
        }
        setup = isSetup && !isReceived ? try USBSetup(parsing: &reader) : nil
        let rest = setup == nil ? announced : announced - 8
        // A transfer of one direction has no data where it goes the other way.
        let isCarried = kind == .control || isReceived == (endpoint & 0x80 != 0)
        guard isCarried, !isReceived || status == 0, rest > 0, kind != .isochronous else {
            (length, self.isCut) = (0, false)
            return
        }
        length = min(rest, reader.remaining)
        self.isCut = length < rest
    }
}
