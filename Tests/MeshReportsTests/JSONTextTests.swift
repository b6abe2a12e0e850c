import FoundationEssentials
import Testing

@testable import MeshReports

/// What is written piece by piece is what the encoder would have written at once.
@Suite struct JSONTextTests {
    private struct Building: Encodable {
        var firstName = "- \(Int.min)"
        var floors: [Floor]
        var zone = Int.min + 1
    }

    private struct Floor: Encodable {
        var empty: [Int] = []
        var lamps: [Lamp]
        var number: Int
    }

    private struct Lamp: Encodable {
        var name: String
        var levels: [Int]
    }

    private struct LongBuilding: HasLongList {
        var firstName: String
        var floors: LongList
        var zone: Int

        var longList: LongList { floors }

        init(_ building: Building) {
            (firstName, zone) = (building.firstName, building.zone)
            floors = LongList(building.floors) { LongFloor($0) }
        }
    }

    private struct LongFloor: HasLongList {
        var empty: [Int]
        var lamps: LongList
        var number: Int

        var longList: LongList { lamps }

        init(_ floor: Floor) {
            (empty, number) = (floor.empty, floor.number)
            lamps = LongList(floor.lamps) { $0 }
        }
    }

    private func atOnce(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }

    @Test(arguments: [0, 1, 2, 3000])
    func longListsAreWrittenAsOthersAre(lamps: Int) throws {
        let names = ["plain", "", "\(Int.min)", "\"x\" : \(Int.min),\nnext", "ö/\u{e9}"]
        let building = Building(
            floors: (0..<3).map { floor in
                let count = floor == 1 ? 0 : lamps
                return Floor(
                    lamps: (0..<count).map {
                        Lamp(name: names[$0 % names.count], levels: Array(0..<$0 % 3))
                    },
                    number: floor)
            })
        var pieces: [String] = []
        try JSONText.write(LongBuilding(building)) { pieces.append($0) }
        #expect(pieces.joined() == (try atOnce(building)))
        #expect(lamps < 3000 || pieces.count > 3, "it is written in pieces")
    }

    @Test func anErrorOfTheSinkEndsIt() {
        struct Full: Error {}
        let building = Building(floors: [Floor(lamps: [], number: 1)])
        #expect(throws: Full.self) { try JSONText.write(LongBuilding(building)) { _ in throw Full() } }
    }
}
