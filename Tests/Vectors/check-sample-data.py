#!/usr/bin/env python3
"""Recomputes the figures of mesh-sample-data.json with the Python package `cryptography`, which shares no code with
meshscope. Says how many figures it compared, and fails at the first one that differs."""

import json
import pathlib

from cryptography.hazmat.primitives import cmac, hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

compared = 0


def same(place, computed, text):
    global compared
    computed = computed.hex() if isinstance(computed, bytes) else computed
    assert computed == text, f"{place}: {computed} is not {text}"
    compared += 1


def octets(text):
    return bytes.fromhex(text)


def mac(key, message):
    code = cmac.CMAC(algorithms.AES(key))
    code.update(message)
    return code.finalize()


def e(key, block):
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)


def ccm(key, nonce, plaintext, length, data=b""):
    return AESCCM(key, tag_length=length).encrypt(nonce, plaintext, data or None)


def s1(message):
    return mac(bytes(16), message)


def k1(n, salt, p):
    return mac(mac(salt, n), p)


def k2(n, p):
    t = mac(s1(b"smk2"), n)
    t1 = mac(t, p + b"\1")
    t2 = mac(t, t1 + p + b"\2")
    return t1[15] & 0x7F, t2, mac(t, t2 + p + b"\3")


def k3(n):
    return k1(n, s1(b"smk3"), b"id64\1")[8:]


def k4(n):
    return k1(n, s1(b"smk4"), b"id6\1")[15] & 0x3F


def derivation(row):
    place, function = row["id"], row["fn"]
    if function == "s1":
        return same(place, s1(row["m_ascii"].encode()), row["out"])
    n = octets(row["n"])
    if function == "k1":
        for field, of in (("salt", "salt_is_s1_of"), ("p", "p_is_s1_of")):
            if of in row:
                same(place, s1(row[of].encode()), row[field])
        same(place, mac(octets(row["salt"]), n), row["t"])
        same(place, k1(n, octets(row["salt"]), octets(row["p"])), row["out"])
    elif function == "k2":
        nid, encryption, privacy = k2(n, octets(row["p"]))
        same(place, f"{nid:02x}", row["nid"])
        same(place, encryption, row["encryption_key"])
        same(place, privacy, row["privacy_key"])
    elif function == "k3":
        same(place, k3(n), row["out"])
    else:
        same(place, f"{k4(n):02x}", row["out"])


def credentials(message):
    kind, p = message["credentials"], b"\0"
    if kind == "directed":
        p = b"\2"
    if kind == "friendship":
        names = ("lpn_address", "friend_address", "lpn_counter", "friend_counter")
        p = b"\1" + b"".join(octets(message["friendship"][name]) for name in names)
    return k2(octets(message["net_key"]), p)


def network_pdu(place, row, pdu, keys, nonce_field, nonce):
    nid, encryption, privacy = keys
    index, long = octets(row["iv_index"]), row["ctl"] == 1
    same(place, nonce, pdu[nonce_field])
    sealed = ccm(encryption, nonce, octets(row["dst"]) + octets(pdu["transport_pdu"]), 8 if long else 4)
    same(place, sealed.hex(), pdu["enc_dst_transport"] + pdu["net_mic"])
    block = bytes(5) + index + sealed[:7]
    same(place, block, pdu["privacy_random"])
    pecb = e(privacy, block)[:6]
    same(place, pecb, pdu["pecb"])
    header = bytes([row["ctl"] << 7 | row["ttl"]]) + octets(pdu["seq"]) + octets(row["src"])
    hidden = bytes(a ^ b for a, b in zip(header, pecb))
    same(place, bytes([(index[3] & 1) << 7 | nid]) + hidden + sealed, pdu["network_pdu"])


def message(row):
    place, keys = row["id"], credentials(row)
    same(place, f"{keys[0]:02x}", row["nid"])
    same(place, keys[1], row["encryption_key"])
    same(place, keys[2], row["privacy_key"])
    for pdu in row["pdus"]:
        nonce = bytes([0, row["ctl"] << 7 | row["ttl"]]) + octets(pdu["seq"]) + octets(row["src"]) + bytes(2)
        network_pdu(place, row, pdu, keys, "network_nonce", nonce + octets(row["iv_index"]))
    access = row["access"]
    if not access:
        return
    kind = 1 if access["key_type"] == "application" else 2
    nonce = bytes([kind, access["szmic"] << 7]) + octets(access["seq"] + row["src"] + row["dst"] + row["iv_index"])
    same(place, nonce, access["application_nonce"])
    label = octets(access["label_uuid"] or "")
    if label:
        virtual = int.from_bytes(mac(s1(b"vtad"), label)[14:]) & 0x3FFF | 0x8000
        same(place, f"{virtual:04x}", row["dst"])
    sealed = ccm(octets(access["key"]), nonce, octets(access["payload"]), 8 if access["szmic"] else 4, label)
    same(place, sealed.hex(), access["enc_payload"] + access["trans_mic"])
    if access["akf"]:
        same(place, f"{k4(octets(access['key'])):02x}", access["aid"])
    if not row["partial_message"]:
        parts = [octets(pdu["transport_pdu"]) for pdu in row["pdus"]]
        same(place, b"".join(part[4 if part[0] & 0x80 else 1 :] for part in parts), sealed.hex())


def beacon(row):
    place, kind, octet = row["id"], row["type"], octets(row["beacon"])
    if kind == "unprovisioned":
        hashed = s1(octets(row["uri_data"])) if row.get("uri_data") else b""
        same(place, hashed.hex(), row["uri_hash"] or "")
        same(place, b"\0" + octets(row["device_uuid"] + row["oob_information"]) + hashed[:4], row["beacon"])
        return
    flags = bytes([row.get("key_refresh", 0) | row["iv_update"] << 1])
    if kind == "secure_network":
        net_key = octets(row["net_key"])
        body = flags + k3(net_key) + octets(row["iv_index"])
        same(place, b"\1" + body + mac(k1(net_key, s1(b"nkbk"), b"id128\1"), body)[:8], row["beacon"])
        return
    key = k1(octets(row["net_key"]), s1(b"nkpk"), b"id128\1")
    same(place, b"\2" + octet[1:14] + ccm(key, octet[1:14], flags + octets(row["iv_index"]), 8), row["beacon"])


def proxy_configuration(row):
    keys = k2(octets(row["net_key"]), b"\0")
    nonce = b"\3\0" + octets(row["seq"] + row["src"] + "0000" + row["iv_index"])
    network_pdu(row["id"], row, row, keys, "proxy_nonce", nonce)
    same(row["id"], "02" + row["network_pdu"], row["proxy_pdu"])


def proxy_service_data(row):
    place, net_key = row["id"], octets(row["net_key"])
    rest = k3(net_key)
    if row["type"] != "00":
        identity = k1(net_key, s1(b"nkik"), b"id128\1")
        pad = bytes(5) + (b"\3" if row["type"] == "03" else b"\0")
        block = k3(net_key) + octets(row["random"])
        if row["type"] != "02":
            block = pad + octets(row["random"] + row["address"])
        same(place, block, row["plaintext"])
        rest = e(identity, block)[8:] + octets(row["random"])
    data = octets(row["type"]) + rest
    same(place, data, row["service_data"])
    same(place, bytes([len(data) + 3]) + b"\x16\x28\x18" + data, row["ad_structure"])


def provisioning(row):
    def private(name):
        return ec.derive_private_key(int(row[name], 16), ec.SECP256R1())

    def public(key):
        numbers = key.public_key().public_numbers()
        return numbers.x.to_bytes(32) + numbers.y.to_bytes(32)

    prov, device = private("prov_private_key"), private("device_private_key")
    same("8.7", public(prov), row["prov_public_key"])
    same("8.7", public(device), row["device_public_key"])
    secret = prov.exchange(ec.ECDH(), device.public_key())
    same("8.7", secret, row["ecdh_secret"])
    names = ("invite", "capabilities", "start", "prov_public_key", "device_public_key")
    salt = s1(b"".join(octets(row[name]) for name in names))
    same("8.7", salt, row["confirmation_salt"])
    key = k1(secret, salt, b"prck")
    same("8.7", key, row["confirmation_key"])
    for who in ("prov", "device"):
        same("8.7", mac(key, octets(row[f"{who}_random"] + row["auth_value"])), row[f"{who}_confirmation"])
    salt = s1(salt + octets(row["prov_random"] + row["device_random"]))
    same("8.7", salt, row["provisioning_salt"])
    same("8.7", k1(secret, salt, b"prdk"), row["device_key"])
    session, nonce = k1(secret, salt, b"prsk"), k1(secret, salt, b"prsn")[3:]
    same("8.7", session, row["session_key"])
    same("8.7", nonce, row["session_nonce"])
    names = ("net_key", "net_key_index", "flags", "iv_index", "unicast_address")
    data = "".join(row[name] for name in names)
    same("8.7", data, row["provisioning_data"])
    same("8.7", ccm(session, nonce, octets(data), 8).hex(), row["encrypted_data"] + row["mic"])


if __name__ == "__main__":
    data = json.loads((pathlib.Path(__file__).parent / "mesh-sample-data.json").read_text())
    for group, check in (
        ("derivations", derivation),
        ("messages", message),
        ("beacons", beacon),
        ("proxy_configuration", proxy_configuration),
        ("proxy_service_data", proxy_service_data),
    ):
        for row in data[group]:
            check(row)
    provisioning(data["provisioning"])
    print(f"{compared} figures are as recomputed")
