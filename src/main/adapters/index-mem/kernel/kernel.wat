;; The inner loop of the vector search: a query against rows of vectors that lie in this module's memory. For each row it computes the
;; largest score that the row can have, given how far off a sum in float32, or over an int8 copy, can be (`bounds.ts` says why these
;; are bounds), and tells of the rows that may matter. `npm run generate` compiles this file.
;;
;; A row is four float32 numbers a, b, c, d (16 bytes) and its vector, zero-padded to `bytes`. Its bound is
;;   scale · a · sum + ofRow · b + ofQuery · d + c + shift.
(module
  (memory (export "memory") 1)
  (global $scale (mut f64) (f64.const 0))
  (global $of_row (mut f64) (f64.const 0))
  (global $of_query (mut f64) (f64.const 0))
  (global $shift (mut f64) (f64.const 0))

  ;; The four numbers that depend on the query alone.
  (func (export "aim") (param $scale f64) (param $of_row f64) (param $of_query f64) (param $shift f64)
    (global.set $scale (local.get $scale))
    (global.set $of_row (local.get $of_row))
    (global.set $of_query (local.get $of_query))
    (global.set $shift (local.get $shift)))

  ;; Products of float32 with float32. `bytes` is a multiple of 64.
  (func $dot (param $row i32) (param $query i32) (param $bytes i32) (result f64)
    (local $end i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $end (i32.add (local.get $row) (local.get $bytes)))
    ;; Four sums side by side, so that no addition waits for the one before it.
    (loop $block
      (local.set $a (f32x4.add (local.get $a)
        (f32x4.mul (v128.load (local.get $query)) (v128.load (local.get $row)))))
      (local.set $b (f32x4.add (local.get $b)
        (f32x4.mul (v128.load offset=16 (local.get $query)) (v128.load offset=16 (local.get $row)))))
      (local.set $c (f32x4.add (local.get $c)
        (f32x4.mul (v128.load offset=32 (local.get $query)) (v128.load offset=32 (local.get $row)))))
      (local.set $d (f32x4.add (local.get $d)
        (f32x4.mul (v128.load offset=48 (local.get $query)) (v128.load offset=48 (local.get $row)))))
      (local.set $query (i32.add (local.get $query) (i32.const 64)))
      (local.set $row (i32.add (local.get $row) (i32.const 64)))
      (br_if $block (i32.lt_u (local.get $row) (local.get $end))))
    (call $sum (f32x4.add
      (f32x4.add (local.get $a) (local.get $b))
      (f32x4.add (local.get $c) (local.get $d)))))

  ;; Squares of the differences of float32 and float32. `bytes` is a multiple of 64.
  (func $squares (param $row i32) (param $query i32) (param $bytes i32) (result f64)
    (local $end i32) (local $x v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $end (i32.add (local.get $row) (local.get $bytes)))
    (loop $block
      (local.set $x (f32x4.sub (v128.load (local.get $query)) (v128.load (local.get $row))))
      (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $x) (local.get $x))))
      (local.set $x (f32x4.sub (v128.load offset=16 (local.get $query)) (v128.load offset=16 (local.get $row))))
      (local.set $b (f32x4.add (local.get $b) (f32x4.mul (local.get $x) (local.get $x))))
      (local.set $x (f32x4.sub (v128.load offset=32 (local.get $query)) (v128.load offset=32 (local.get $row))))
      (local.set $c (f32x4.add (local.get $c) (f32x4.mul (local.get $x) (local.get $x))))
      (local.set $x (f32x4.sub (v128.load offset=48 (local.get $query)) (v128.load offset=48 (local.get $row))))
      (local.set $d (f32x4.add (local.get $d) (f32x4.mul (local.get $x) (local.get $x))))
      (local.set $query (i32.add (local.get $query) (i32.const 64)))
      (local.set $row (i32.add (local.get $row) (i32.const 64)))
      (br_if $block (i32.lt_u (local.get $row) (local.get $end))))
    (call $sum (f32x4.add
      (f32x4.add (local.get $a) (local.get $b))
      (f32x4.add (local.get $c) (local.get $d)))))

  (func $sum (param $x v128) (result f64)
    (f64.promote_f32 (f32.add
      (f32.add (f32x4.extract_lane 0 (local.get $x)) (f32x4.extract_lane 1 (local.get $x)))
      (f32.add (f32x4.extract_lane 2 (local.get $x)) (f32x4.extract_lane 3 (local.get $x))))))

  ;; Products of int8 with a query of int16, exact in int32. `bytes` is a multiple of 32.
  (func $dot_int8 (param $row i32) (param $query i32) (param $bytes i32) (result f64)
    (local $end i32) (local $x v128) (local $y v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $end (i32.add (local.get $row) (local.get $bytes)))
    (loop $block
      (local.set $x (v128.load (local.get $row)))
      (local.set $y (v128.load offset=16 (local.get $row)))
      (local.set $a (i32x4.add (local.get $a)
        (i32x4.dot_i16x8_s (i16x8.extend_low_i8x16_s (local.get $x)) (v128.load (local.get $query)))))
      (local.set $b (i32x4.add (local.get $b)
        (i32x4.dot_i16x8_s (i16x8.extend_high_i8x16_s (local.get $x)) (v128.load offset=16 (local.get $query)))))
      (local.set $c (i32x4.add (local.get $c)
        (i32x4.dot_i16x8_s (i16x8.extend_low_i8x16_s (local.get $y)) (v128.load offset=32 (local.get $query)))))
      (local.set $d (i32x4.add (local.get $d)
        (i32x4.dot_i16x8_s (i16x8.extend_high_i8x16_s (local.get $y)) (v128.load offset=48 (local.get $query)))))
      (local.set $query (i32.add (local.get $query) (i32.const 64)))
      (local.set $row (i32.add (local.get $row) (i32.const 32)))
      (br_if $block (i32.lt_u (local.get $row) (local.get $end))))
    (local.set $a (i32x4.add
      (i32x4.add (local.get $a) (local.get $b))
      (i32x4.add (local.get $c) (local.get $d))))
    (f64.convert_i32_s (i32.add
      (i32.add (i32x4.extract_lane 0 (local.get $a)) (i32x4.extract_lane 1 (local.get $a)))
      (i32.add (i32x4.extract_lane 2 (local.get $a)) (i32x4.extract_lane 3 (local.get $a))))))

  ;; The rows among `count` whose bound reaches `least`: for each 16 bytes from `out` on, its bound as float64 and its number as int32.
  ;; Returns how many. The rows lie `stride` bytes apart from `row` on; or, where `list` is not zero, at the addresses listed there.
  ;; `kind`: 0 products, 1 squares, 2 products of int8.
  (func (export "scan")
    (param $kind i32) (param $list i32) (param $row i32) (param $count i32) (param $stride i32)
    (param $query i32) (param $bytes i32) (param $least f64) (param $out i32) (result i32)
    (local $number i32) (local $start i32) (local $bound f64)
    (local.set $start (local.get $out))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $number) (local.get $count)))
        (if (local.get $list) (then
          (local.set $row (i32.load (local.get $list)))
          (local.set $list (i32.add (local.get $list) (i32.const 4)))))
        (if (i32.eq (local.get $kind) (i32.const 2))
          (then (local.set $bound (call $dot_int8 (i32.add (local.get $row) (i32.const 16)) (local.get $query) (local.get $bytes))))
          (else (if (local.get $kind)
            (then (local.set $bound (call $squares (i32.add (local.get $row) (i32.const 16)) (local.get $query) (local.get $bytes))))
            (else (local.set $bound (call $dot (i32.add (local.get $row) (i32.const 16)) (local.get $query) (local.get $bytes)))))))
        (local.set $bound
          (f64.add
            (f64.add
              (f64.mul (f64.mul (global.get $scale) (f64.promote_f32 (f32.load (local.get $row)))) (local.get $bound))
              (f64.add
                (f64.mul (global.get $of_row) (f64.promote_f32 (f32.load offset=4 (local.get $row))))
                (f64.mul (global.get $of_query) (f64.promote_f32 (f32.load offset=12 (local.get $row))))))
            (f64.add (f64.promote_f32 (f32.load offset=8 (local.get $row))) (global.get $shift))))
        (if (f64.ge (local.get $bound) (local.get $least)) (then
          (f64.store (local.get $out) (local.get $bound))
          (i32.store offset=8 (local.get $out) (local.get $number))
          (local.set $out (i32.add (local.get $out) (i32.const 16)))))
        (local.set $row (i32.add (local.get $row) (local.get $stride)))
        (local.set $number (i32.add (local.get $number) (i32.const 1)))
        (br $next)))
    (i32.shr_u (i32.sub (local.get $out) (local.get $start)) (i32.const 4))))
