// C, once, before the stack is enabled; a second call gives NRF_ERROR_INVALID_STATE.
net_state_iv_index_and_seqnum_block_set(0x0000c8c0, true, 376832);

// Serial: NetStateSet (0xAE) with IV Index, update flag, timeout and next block; octets behind the length.
// aec0c8000001000000c00500

// pyaci
// cmd.NetStateSet(51392, 1, 0, 376832)
