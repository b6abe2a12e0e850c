"""Advertising data of a little-endian pcap of link type 251 or 256. It shares no line with meshscope."""
import struct


def advertising_data(path):
    with open(path, "rb") as file:
        header = file.read(24)
        link_type = struct.unpack("<I", header[20:24])[0]
        while record := file.read(16):
            frame = file.read(struct.unpack("<I", record[8:12])[0])
            if link_type == 256:
                flags = struct.unpack("<H", frame[8:10])[0]
                if flags & 0x0400 and not flags & 0x0800:  # CRC checked, CRC not valid
                    continue
                frame = frame[10:]
            if frame[4] & 0x0F in (0, 2, 4, 6):
                yield frame[12 : 6 + frame[5]]


def structures(path):
    """AD types and their values."""
    for data in advertising_data(path):
        while data and data[0]:
            yield data[1], data[2 : 1 + data[0]]
            data = data[1 + data[0] :]
