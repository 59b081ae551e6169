// Package runtime is the memory of generated bindings: where arguments arrive, and where results wait to be fetched.
package runtime

import (
	"runtime"
	"unsafe"
)

const (
	// chunkBytes is room for the arguments of most turns.
	chunkBytes = 32 << 10
	// wordBytes is the largest alignment of the canonical ABI.
	wordBytes = 8
)

var (
	// started says that Go's own memory can be used; the first allocations come before its start.
	started bool
	// chunk is what is left for arguments. A string that refers to a part of it keeps all of it.
	chunk []byte
)

func init() { started = true }

// Allocate gives room that lasts until the pinner lets go of it.
func Allocate(pinner *runtime.Pinner, size, _ uintptr) unsafe.Pointer {
	if size == 0 {
		return nil
	}
	room := unsafe.Pointer(unsafe.SliceData(make([]uint64, (size+wordBytes-1)/wordBytes)))
	pinner.Pin(room)
	return room
}

// Unpin says that the arguments of a call have become Go values, which refer to where they arrived.
func Unpin() { chunk = nil }

// realloc gives the host room for an argument; it never asks for more room or less.
//
//go:wasmexport cabi_realloc
func realloc(_ unsafe.Pointer, _, _, size uintptr) unsafe.Pointer {
	size = (size + wordBytes - 1) &^ (wordBytes - 1)
	if size == 0 {
		return nil
	}
	if !started {
		return sbrk(size)
	}
	if size > uintptr(len(chunk)) {
		// Nothing may be imported while arguments arrive, and Go looks at the clock when it collects garbage.
		pauseClock(true)
		chunk = make([]byte, max(size, chunkBytes))
		pauseClock(false)
	}
	room := unsafe.Pointer(unsafe.SliceData(chunk))
	chunk = chunk[size:]
	return room
}

//go:linkname sbrk runtime.sbrk
func sbrk(size uintptr) unsafe.Pointer

//go:wasmimport wasi_snapshot_preview1 adapter_monotonic_clock_set_paused
func pauseClock(paused bool)
