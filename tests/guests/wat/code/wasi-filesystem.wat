  ;; Asks WASI for the files it may see, traps if there is one, and replies "nothing" if there is none.
  (import "wasi:filesystem/types@0.2.0" (instance $files
    (export "descriptor" (type (sub resource)))))
  (alias export $files "descriptor" (type $descriptor))
  (import "wasi:filesystem/preopens@0.2.0" (instance $preopens
    (alias outer 1 $descriptor (type $outer))
    (export "descriptor" (type $descriptor (eq $outer)))
    (export "get-directories" (func (result (list (tuple (own $descriptor) string)))))))

  ;; The import writes into a memory, which therefore has to be there before the code that calls it.
  (core module $space
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 4096))
    (func (export "cabi_realloc") (param i32 i32) (param $align i32) (param $size i32) (result i32)
      (global.set $next (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.get $next)
      (global.set $next (i32.add (global.get $next) (local.get $size)))))
  (core instance $space (instantiate $space))
  (alias core export $space "memory" (core memory $space_memory))
  (alias core export $space "cabi_realloc" (core func $space_realloc))
  (core func $get_directories
    (canon lower (func $preopens "get-directories") (memory $space_memory) (realloc $space_realloc)))

  (core module $code
    (import "space" "memory" (memory 1))
    (import "space" "cabi_realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
    (import "wasi" "get-directories" (func $get_directories (param i32)))
    (export "memory" (memory 0))
    (export "cabi_realloc" (func $realloc))
    (data (i32.const 1024) "\00\00\00\00" "\00\00\00\00" "\00\00\00\00\00\00\00\00" "\00\08\00\00" "\01\00\00\00")
    (data (i32.const 2048) "\00\00\00\00" "\00\0c\00\00" "\07\00\00\00")
    (data (i32.const 3072) "nothing")
    (func (export "handle") (param i32) (result i32)
      (call $get_directories (i32.const 512))
      (if (i32.load offset=4 (i32.const 512)) (then (unreachable)))
      (i32.const 1024)))
  (core instance $main (instantiate $code
    (with "space" (instance $space))
    (with "wasi" (instance (export "get-directories" (func $get_directories))))))
