  ;; 200,000 notes that are all the same 8 MB text: 22 MB here, 1.6 TB for whoever copies them.
  (core module $code
    (memory (export "memory") 336)
    ;; Never frees: an instance lives for one turn.
    (global $next (mut i32) (i32.const 4096))
    (func (export "cabi_realloc") (param i32 i32) (param $align i32) (param $size i32) (result i32)
      (global.set $next (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.get $next)
      (global.set $next (i32.add (global.get $next) (local.get $size))))
    (data (i32.const 1024) "\00\00\00\00" "\00\00\00\00" "\00\00\00\00\00\00\00\00" "\00\00\10\00" "\40\0d\03\00")
    (func (export "handle") (param i32) (result i32)
      (local $effect i32)
      (memory.fill (i32.const 0xd40000) (i32.const 0x78) (i32.const 0x7c0000))
      (local.set $effect (i32.const 0x100000))
      (loop $more
        (i32.store (local.get $effect) (i32.const 9))
        (i32.store offset=4 (local.get $effect) (i32.const 0xd40000))
        (i32.store offset=8 (local.get $effect) (i32.const 0x7c0000))
        (local.set $effect (i32.add (local.get $effect) (i32.const 64)))
        (br_if $more (i32.lt_u (local.get $effect) (i32.const 0xd35000))))
      (i32.const 1024)))
  (core instance $main (instantiate $code))
