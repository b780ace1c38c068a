// One short tick for an answer, the same for every verdict: a traveller who hears it learns nothing. Off unless chosen.

/** Returns how to make it. The browser's audio is opened with the first tick. */
export function ticker() {
  let audio = null;
  return () => {
    audio ??= new AudioContext();
    const [tone, volume] = [audio.createOscillator(), audio.createGain()];
    tone.frequency.value = 880;
    volume.gain.setValueAtTime(0.1, audio.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.08);
    tone.connect(volume).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.08);
  };
}
