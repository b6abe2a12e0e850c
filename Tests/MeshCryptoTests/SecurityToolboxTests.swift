import ByteParsing
import MeshCrypto
import TestSupport
import Testing

@Suite struct SecurityToolboxTests {
    @Test func s1OfTheSpecificationsSample() {
        // Mesh Protocol 1.1, sample data 8.1.1.
        #expect(SecurityToolbox.s1(Array("test".utf8)) == block("b73cefbd641ef2ea598c2b6efb62f79c"))
    }

    @Test func derivesEverythingOfTheSpecificationsNetKey() {
        // Mesh Protocol 1.1, sample data 8.2.
        let keys = NetworkKeys(NetKey(value: block("7dd7364cd842ad18c17c2b820c84c3d6")))
        #expect(keys.flooding.nid == 0x68)
        #expect(keys.flooding.encryptionKey == block("0953fa93e7caac9638f58820220a398e"))
        #expect(keys.flooding.privacyKey == block("8b84eedec100067d670971dd2aa700cf"))
        #expect(keys.networkID == 0x3eca_ff67_2f67_3370)
        #expect(keys.identityKey == block("84396c435ac48560b5965385253e210c"))
        #expect(keys.beaconKey == block("5423d967da639a99cb02231a83f7d254"))
        #expect(SecurityToolbox.k4(block("63964771734fbd76e3b40519d1d94a48")) == 0x26)
    }

    @Test func agreesWithAllDerivationsOfTheSampleData() throws {
        let rows = try SampleData.rows("derivations")
        #expect(rows.count == 18)
        for row in rows {
            let id = row.text("id")
            switch row.text("fn") {
            case "s1": #expect(SecurityToolbox.s1(Array(row.text("m_ascii").utf8)) == block(row.text("out")), "\(id)")
            case "k1":
                let result = SecurityToolbox.k1(
                    block(row.text("n")), salt: block(row.text("salt")), p: octets(row.text("p")))
                #expect(result == block(row.text("out")), "\(id)")
            case "k2":
                let (nid, encryption, privacy) = SecurityToolbox.k2(block(row.text("n")), p: octets(row.text("p")))
                #expect(Hexadecimal.text(nid, digits: 2) == row.text("nid"), "\(id)")
                #expect(encryption == block(row.text("encryption_key")), "\(id)")
                #expect(privacy == block(row.text("privacy_key")), "\(id)")
            case "k3":
                #expect(Hexadecimal.text(SecurityToolbox.k3(block(row.text("n"))), digits: 16) == row.text("out"))
            case "k4": #expect(Hexadecimal.text(SecurityToolbox.k4(block(row.text("n"))), digits: 2) == row.text("out"))
            case let other: Issue.record("no test for \(other)")
            }
        }
    }
}

@Suite struct AESTests {
    @Test func encryptsTheBlockOfFIPS197() {
        let cipher = AESCipher(key: block("000102030405060708090a0b0c0d0e0f"))
        let expected = block("69c4e0d86a7b0430d8cdb78070b4c55a")
        #expect(cipher.encrypt(block("00112233445566778899aabbccddeeff")) == expected)
        var many = Array(repeating: block("00112233445566778899aabbccddeeff"), count: 33)
        cipher.encrypt(&many)
        #expect(many == Array(repeating: expected, count: 33))
    }

    @Test(arguments: [
        ("", "bb1d6929e95937287fa37d129b756746"),
        ("6bc1bee22e409f96e93d7e117393172a", "070a16b46b4d4144f79bdd9dd04a287c"),
        (
            "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411",
            "dfa66747de9ae63030ca32611497c827"
        ),
        (
            "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411"
                + "e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710", "51f0bebf7e3b9d92fc49741779363cfe"
        ),
    ])
    func authenticatesTheMessagesOfRFC4493(message: String, code: String) {
        let cmac = AESCMAC(key: block("2b7e151628aed2a6abf7158809cf4f3c"))
        #expect(cmac.authenticate(octets(message)) == block(code))
        #expect(cmac.authenticate(octets(message)) == block(code), "a second use gives the same")
    }

    /// Where it comes from, key, nonce, additional data, plaintext, what is sealed, and octets of its check.
    static let sealed: [(source: String, String, String, String, String, String, Int)] = [
        (
            "RFC 3610, packet vector 1", "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "00000003020100a0a1a2a3a4a5",
            "0001020304050607", "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
            "588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417e8d12cfdf926e0", 8
        ),
        (
            "RFC 3610, packet vector 2", "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "00000004030201a0a1a2a3a4a5",
            "0001020304050607", "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            "72c91a36e135f8cf291ca894085c87e3cc15c439c9e43a3ba091d56e10400916", 8
        ),
        (
            "NIST SP 800-38C, example 1", "404142434445464748494a4b4c4d4e4f", "10111213141516", "0001020304050607",
            "20212223", "7162015b4dac255d", 4
        ),
        (
            "NIST SP 800-38C, example 2", "404142434445464748494a4b4c4d4e4f", "1011121314151617",
            "000102030405060708090a0b0c0d0e0f", "202122232425262728292a2b2c2d2e2f",
            "d2a1f0e051ea5f62081a7792073d593d1fc64fbfaccd", 6
        ),
        (
            "NIST SP 800-38C, example 3", "404142434445464748494a4b4c4d4e4f", "101112131415161718191a1b",
            "000102030405060708090a0b0c0d0e0f10111213", "202122232425262728292a2b2c2d2e2f3031323334353637",
            "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951", 8
        ),
    ]

    @Test(arguments: sealed)
    func sealsAndOpensWhatWasPublished(
        source: String, key: String, nonce: String, data: String, plaintext: String, sealed: String, tagLength: Int
    ) {
        let (key, nonce, data) = (block(key), octets(nonce), octets(data))
        let (plaintext, sealed) = (octets(plaintext), octets(sealed))
        #expect(AESCCM.seal(plaintext, key: key, nonce: nonce, additionalData: data, tagLength: tagLength) == sealed)
        #expect(AESCCM.open(sealed, key: key, nonce: nonce, additionalData: data, tagLength: tagLength) == plaintext)
        for index in sealed.indices {
            var damaged = sealed
            damaged[index] ^= 1
            #expect(AESCCM.open(damaged, key: key, nonce: nonce, additionalData: data, tagLength: tagLength) == nil)
        }
        #expect(AESCCM.open([1, 2], key: key, nonce: nonce, tagLength: tagLength) == nil)
    }
}

@Suite struct SecretKeyTests {
    @Test(arguments: [NetKey.self, AppKey.self, DevKey.self] as [any SecretKey.Type])
    func neverShowsItself(kind: any SecretKey.Type) {
        let value = block("7dd7364cd842ad18c17c2b820c84c3d6")
        let key = kind.init(value: value)
        #expect(key.value == value)
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), dumped] {
            #expect(text.contains("\(kind)"))
            #expect(!text.lowercased().contains("7dd7"))
            #expect(!text.contains("\(value)"))
        }
    }

    /// Mesh Protocol 1.1, "Mesh protocol sample data": the AppKey's AID.
    @Test func anAppKeyKnowsItsAID() {
        #expect(AppKey(value: block("63964771734fbd76e3b40519d1d94a48")).aid == 0x26)
    }

    @Test func readsDigitsWithPrefixAndSeparators() throws {
        let value = block("7dd7364cd842ad18c17c2b820c84c3d6")
        #expect(try NetKey(hexadecimal: "0x7DD7364CD842AD18C17C2B820C84C3D6").value == value)
        #expect(try NetKey(hexadecimal: "7d:d7:36:4c:d8:42:ad:18:c1:7c:2b:82:0c:84:c3:d6").value == value)
    }

    @Test func saysWhatIsWrongWithoutTheText() {
        #expect(throws: KeyTextError.wrongLength(31)) { try NetKey(hexadecimal: "7dd7364cd842ad18c17c2b820c84c3d") }
        #expect(throws: KeyTextError.notHexadecimal(position: 3)) {
            try NetKey(hexadecimal: "7dz7364cd842ad18c17c2b820c84c3d6")
        }
        #expect(throws: KeyTextError.wrongLength(0)) { try NetKey(hexadecimal: "") }
    }
}
