import CaptureFiles
import MeshCrypto
import MeshProtocol

/// A Low Power node and its Friend, by their places among the nodes of the first network.
struct SimulatedFriendship {
    let lpn: Int
    let friend: Int
    var lpnCounter: UInt16 = 7
    var friendCounter: UInt16 = 0x0123
    var material: SecurityMaterial?
    /// Whether the sniffer begins behind the Friend Request.
    var isRequestUnheard = false
    /// Whether the offer stands in the capture, so that the analysis can derive the credentials, or find them.
    var isKnown = false
    /// What the Friend has for its Low Power node.
    var stored: [SimulatedMesh.Message] = []
}

extension SimulatedMesh {
    /// The Low Power node makes the friendship if there is none, and then asks for what its Friend stored.
    mutating func pollFriend(at time: CaptureTime) {
        guard let friendship, networks[0].nodes[friendship.lpn].isAlive(at: time) else { return }
        guard let material = friendship.material else {
            makeFriendship(at: time)
            return
        }
        let (lpn, friend) = (friendship.lpn, friendship.friend)
        say([0x01, 0x00], by: lpn, to: networks[0].nodes[friend].address.value, material, at: time)
        let later = time.advanced(by: .milliseconds(60))
        guard var message = friendship.stored.first else {
            let state = networks[0].state(at: time)
            let index = state.index.value
            let octets = (0..<4).map { UInt8(truncatingIfNeeded: index >> UInt32(24 - 8 * $0)) }
            let update = [0x02, state.isUpdateInProgress ? 2 : 0] + octets + [0x00]
            say(update, by: friend, to: networks[0].nodes[lpn].address.value, material, at: later)
            return
        }
        // A stored PDU keeps its source and SEQ; only TTL and credentials change.
        self.friendship?.stored.removeFirst()
        message.material = material
        transmit(message, ttl: 2, from: networks[0].nodes[friend], at: later, isOpen: friendship.isKnown)
    }

    private mutating func makeFriendship(at time: CaptureTime) {
        guard let friendship else { return }
        let flooding = networks[0].subnets[0].flooding
        let (lpn, friend) = (networks[0].nodes[friendship.lpn], networks[0].nodes[friendship.friend])
        let (requested, offered) = (friendship.lpnCounter, friendship.friendCounter)
        let request: [UInt8] = [
            0x03, 0x4B, 0x50, 0x05, 0x7E, 0x40, 0, 0, 1, UInt8(requested >> 8), UInt8(requested & 255),
        ]
        let offer: [UInt8] = [0x04, 0x32, 0x03, 0x08, 0xBA, UInt8(offered >> 8), UInt8(offered & 255)]
        if friendship.isRequestUnheard {
            _ = takeSequence(network: 0, node: friendship.lpn, at: time)
        } else {
            say(request, by: friendship.lpn, to: 0xFFFD, flooding, at: time)
        }
        let later = time.advanced(by: .milliseconds(120))
        let isOfferHeard = say(offer, by: friendship.friend, to: lpn.address.value, flooding, at: later) > 0
        self.friendship?.material = networks[0].subnets[0].friendship(
            lpnAddress: lpn.address.value, friendAddress: friend.address.value, lpnCounter: requested,
            friendCounter: offered)
        self.friendship?.isKnown = isOfferHeard
        if isOfferHeard, friendship.friend == 0 { truth.management.isFriend = true }
        self.friendship?.stored = []
    }

    @discardableResult
    private mutating func say(
        _ transport: [UInt8], by position: Int, to destination: UInt16, _ material: SecurityMaterial,
        at time: CaptureTime
    ) -> Int {
        let node = networks[0].nodes[position]
        let sequence = takeSequence(network: 0, node: position, at: time)
        let message = Message(
            network: 0, source: node.address, position: sequence, isControl: true,
            destination: MeshAddress(destination), transport: transport, material: material)
        let isFlooding = material == networks[0].subnets[0].flooding
        let isOpen = isFlooding || friendship?.isKnown == true
        return transmit(message, ttl: 0, from: node, at: time, isOpen: isOpen)
    }
}
