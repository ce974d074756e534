/**
 * What generated Python tools need to say the very text that generated JavaScript says: JavaScript's numbers, its rounding
 * and its white space, written so that the sandbox can tell that a call leaves nothing behind (`sandbox/child/stateless.py`).
 */

/** What JavaScript's `trim` drops and its `\s` matches; Python's own notion of white space is another. */
export const blanks =
  '" \\t\\n\\v\\f\\r\\u00a0\\u1680\\u2000\\u2001\\u2002\\u2003\\u2004\\u2005\\u2006\\u2007\\u2008\\u2009\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff"';

/** `_tidy(name)`: the rule of `lookup-key.ts`. */
export const tidyLines = [
  "def _tidy(_name):",
  '    _letters = [_one for _one in unicodedata.normalize("NFKD", _name) if not "\\u0300" <= _one <= "\\u036f"]',
  '    _letters = ["\'" if _one in "\\u2018\\u2019\\u02bb\\u02bc" else _one for _one in _letters]',
  `    _letters = [" " if _one in ${blanks} else _one for _one in _letters]`,
  '    return " ".join([_part for _part in "".join(_letters).split(" ") if _part]).lower()',
];

/** `_said(value)`: JavaScript's `String`. Digits are the shortest that read back, as in JavaScript; their layout differs. */
export const saidLines = [
  "def _said(_value):",
  "    if isinstance(_value, str):",
  "        return _value",
  "    _value = float(_value)",
  "    if _value != _value or _value in (math.inf, -math.inf):",
  '        return "NaN" if _value != _value else "Infinity" if _value > 0 else "-Infinity"',
  "    if _value == 0:",
  '        return "0"',
  '    _sign = "-" if _value < 0 else ""',
  '    _digits, _, _exponent = repr(abs(_value)).partition("e")',
  '    _whole, _, _part = _digits.partition(".")',
  '    _digits = (_whole + _part).lstrip("0")',
  "    _point = len(_digits) - len(_part) + int(_exponent or 0)",
  '    _digits = _digits.rstrip("0")',
  "    if 0 < _point <= 21:",
  '        _digits = _digits.ljust(_point, "0")',
  '        _part = "." + _digits[_point:] if len(_digits) > _point else ""',
  "        return _sign + _digits[:_point] + _part",
  "    if -6 < _point <= 0:",
  '        return _sign + "0." + "0" * -_point + _digits',
  '    _part = "." + _digits[1:] if len(_digits) > 1 else ""',
  '    _mark = "e+" if _point > 0 else "e-"',
  "    return _sign + _digits[0] + _part + _mark + str(abs(_point - 1))",
];

/** `_rounded(value, digits)`: JavaScript's `Number(value.toFixed(digits))`: halves go up, Python's to the even neighbour. */
export const roundedLines = [
  "def _rounded(_value, _places):",
  "    if not abs(_value) < 1e21:",
  "        return _value",
  "    _above, _below = abs(float(_value)).as_integer_ratio()",
  "    _scale = 10 ** int(_places)",
  "    _near = (2 * _above * _scale + _below) // (2 * _below) / _scale",
  "    return -_near if _value < 0 else _near",
];

/** `_date(day)` and `_day(text)`: the calendar of `javascript.ts`, in floating-point numbers as there. */
export const calendarLines = [
  "def _floor(_number):",
  "    return float(math.floor(_number))",
  "def _padded(_number, _width):",
  '    return _said(_number).rjust(_width, "0")',
  "def _date(_n):",
  "    _era = _floor(_n / 146097)",
  "    _in = _n - _era * 146097",
  "    _y = _floor((_in - _floor(_in / 1460) + _floor(_in / 36524) - _floor(_in / 146096)) / 365)",
  "    _left = _in - (365 * _y + _floor(_y / 4) - _floor(_y / 100))",
  "    _m = _floor((5 * _left + 2) / 153)",
  "    _year = _padded(_y + _era * 400 + (1 if _m > 9 else 0), 4)",
  "    _month = _padded(_m - 9 if _m > 9 else _m + 3, 2)",
  '    return _year + "-" + _month + "-" + _padded(_left - _floor((153 * _m + 2) / 5) + 1, 2)',
  "def _day(_text):",
  '    _year, _month, _of = [float(_part) for _part in _text.split("-")]',
  "    _y = _year if _month > 2 else _year - 1",
  "    _n = 365 * _y + _floor(_y / 4) - _floor(_y / 100) + _floor(_y / 400)",
  "    _n = _n + _floor((153 * (_month - 3 if _month > 2 else _month + 9) + 2) / 5) + _of - 1",
  "    if _date(_n) != _text:",
  '        _fail("invalid_argument", "a date must be in the calendar")',
  "    return _n",
];
