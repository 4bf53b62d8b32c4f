// SPDX-License-Identifier: MIT

/** Digests that BuildKit's own tests pin (cache/contenthash/checksum_test.go). */
export const DATA0 = 'sha256:cd8e75bca50f2d695f220d0cb0997d8ead387e4f926e8669a92d7f104cc9885b';
export const DATA1 = 'sha256:c2b5e234f5f38fc5864da7def04782f82501a40d46192e4207d5b3f0c3c4732b';
export const DATA2 = 'sha256:1c67653c3cf95b12a0014e2c4cd1d776b474b3218aee54155d6ae27b9b999c54';
export const DIR_D0 = 'sha256:d47454417d2c554067fbefe5f5719edc49f3cfe969c36b62e34a187a4da0cc9a';
export const DIR_D0_BY_FILE = 'sha256:6b612ad5c13159112ae26357ef7bd34df29916941ba40ec2ce38dfb70c6c60c3';
export const DIR_D0_MODIFIED = 'sha256:555ffa3028630d97ba37832b749eda85ab676fd64ffb629fbf0f4ec8c1e3bff1';
export const DOUBLE_STAR = 'sha256:aa7448215bbf5b837b35ce64467857d8b9747965573d14d4b31b370586370971';
export const EMPTY = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
